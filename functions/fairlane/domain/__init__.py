"""The rules: plain Python, no AWS, no clock, no environment."""
