@ What compiled code calls to copy and to fill memory, a byte at a time: the functions that come with Rust are ten times
@ as large, for speed that a UART does not ask for. AAPCS: arguments in r0 to r2; r3 and r12 are free; r0 is returned.

.syntax unified
.thumb

.macro function name
    .global \name
    .thumb_func
    \name:
.endm

.section .text.copy, "ax"
function memmove
function __aeabi_memmove
function __aeabi_memmove4
function __aeabi_memmove8
    cmp r0, r1
    bls forwards
backwards:
    subs r2, #1
    it mi
    bxmi lr
    ldrb r3, [r1, r2]
    strb r3, [r0, r2]
    b backwards

function memcpy
function __aeabi_memcpy
function __aeabi_memcpy4
function __aeabi_memcpy8
forwards:
    mov r12, r0
next:
    subs r2, #1
    it mi
    bxmi lr
    ldrb r3, [r1], #1
    strb r3, [r12], #1
    b next

.section .text.fill, "ax"
function __aeabi_memclr
function __aeabi_memclr4
function __aeabi_memclr8
    movs r2, #0
function __aeabi_memset
function __aeabi_memset4
function __aeabi_memset8
    mov r3, r1
    mov r1, r2
    mov r2, r3
function memset
    subs r2, #1
    it mi
    bxmi lr
    strb r1, [r0, r2]
    b memset
