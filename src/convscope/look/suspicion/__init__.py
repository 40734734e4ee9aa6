"""Which pictures of a data set a person should look at; on arrays, without training."""
