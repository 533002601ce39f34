"""What makes long commands durable: who owns signals, who uses a folder, and whether what was written is still whole.

Every long command keeps to the same rules. Its folder appears whole, with all of the request in it (`folder`,
`request`). One process at a time uses it (`lock`). What it finishes is on the disk before it says so, with a checksum
that is verified when it is read again (`seal`, `log`). A signal ends it where it can go on (`signals`).
"""
