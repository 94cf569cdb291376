"""Adapters: the only code that knows boto3. AWS error codes are translated here and nowhere else."""
