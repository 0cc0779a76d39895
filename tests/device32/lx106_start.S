/* What runs before and after main() on QEMU's lx106: a stack, a cleared .bss, and the simulator's
 * own system calls ("simcall": number in a2, arguments in a3 to a5). The call0 ABI of this core
 * passes arguments in a2 upwards and returns in a2. */
    .section .reset, "ax"
    .global reset
reset:
    j       start

    .section .start, "ax"
    .align 4
start:
    movi    a1, stack_top
    movi    a2, bss_begin
    movi    a3, bss_end
    movi    a4, 0
clear:
    bgeu    a2, a3, cleared
    s32i    a4, a2, 0
    addi    a2, a2, 4
    j       clear
cleared:
    movi    a0, main
    callx0  a0
    movi    a0, _exit
    callx0  a0

    /* void sim_exit(int code) */
    .text
    .align 4
    .global sim_exit
sim_exit:
    mov     a3, a2
    movi    a2, 1
    simcall
    j       sim_exit

    /* int sim_write(int fd, const void *ptr, int len) */
    .align 4
    .global sim_write
sim_write:
    mov     a5, a4
    mov     a4, a3
    mov     a3, a2
    movi    a2, 4
    simcall
    ret
