; As once.asm, for a rule that takes the exact gradient, which only an emulation can give.

.entry present
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   adjoint, m0, all
                observe   presynaptic, m0, all
                observe   value, m0, all
                update    m0, m0, m0, 1
                read      m0, last
                halt
