"""What lies inside a network: filters, feature maps, what excites a channel, what was seen, how it formed."""
