"""The slow chip: plain Python, one neuron, one sample and one bit at a time.

It shares no code with the product, imports no array library, and is written to be read beside design
section 3. What the fast kernels compute is compared with what stands here.
"""
