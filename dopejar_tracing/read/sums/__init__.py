"""What many events say together: sums that add up, and what is read from them."""
