"""The tests mirror the code tree; what they share is in `factories` and `cast`."""
