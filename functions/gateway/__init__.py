"""The gateway: takes tasks in and tells about them. Open to the internet, without control-plane rights."""
