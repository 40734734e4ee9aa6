"""Why a number of a network is what it is, followed down to the pixels."""
