"""AWS Lambda: a layer version or a function's code, repeatable by CodeSha256.

This folder is the only importer of boto3, inside functions: only publishing loads it. Publishing twice publishes
once: what AWS already has under the same CodeSha256 is left alone and said to be unchanged.
"""
