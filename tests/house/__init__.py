"""The laws of the house, as tests. Each lint is tested itself: it has lines it must accept and lines it must refuse."""
