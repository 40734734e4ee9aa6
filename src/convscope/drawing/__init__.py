"""What `look` gives, as pictures: sheets of tiles, maps over pictures, animations."""
