"""Natural-scene statistics, shared by `niqe`, `brisque` and `piqe`.

All three divide each pixel's difference from its neighbourhood by the neighbourhood's contrast
(MSCN coefficients, 7 x 7 Gaussian window, sigma 7/6) and look at how the result is distributed.

Modules:
    kernels: the pixel loops, plain Python that `cpu` compiles with numba.
    cpu: one picture at a time on the CPU, several at once on threads.
    cuda: batches of pictures of one size on the GPU: the same numbers, from the kernels in
        `fused` (Triton) or `eager` (plain torch). `devices` chooses between `cpu` and `cuda`.
    piqe_kernels, piqe_cuda: the blocks of PIQE on either.
    shape: from sums to the parameters of the (asymmetric) generalised Gaussian.

Wherever a picture is exactly flat the coefficients are exactly zero. Left alone they would be
rounding residue of +-1e-14 whose *signs* are counted by the fit, and the score would depend on the
order of additions; so residue is set to zero (`kernels.RESIDUE`). This is why CPU and GPU agree.
"""
