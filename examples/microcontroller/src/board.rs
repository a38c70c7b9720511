//! What is the board's, a TI LM3S6965 evaluation board: its UART, its stack, and what compiled code calls.
#![no_std]

use core::panic::PanicInfo;
use core::ptr;

core::arch::global_asm!(include_str!("memory.s"));

/// The PL011 UART, polled, and the clock that tells how long it has been silent.
pub struct Uart(());

const UART0: usize = 0x4000_C000;
const DATA: *mut u32 = UART0 as _;
const FLAGS: *mut u32 = (UART0 + 0x18) as _;
const LINE: *mut u32 = (UART0 + 0x2C) as _;
const CONTROL: *mut u32 = (UART0 + 0x30) as _;
const RECEIVE_EMPTY: u32 = 1 << 4;
const TRANSMIT_FULL: u32 = 1 << 5;

/// SysTick, which every Cortex-M has: it counts the processor's cycles down, and begins again.
const CLOCK: usize = 0xE000_E010;
const CLOCK_CONTROL: *mut u32 = CLOCK as _;
const CLOCK_BEGIN: *mut u32 = (CLOCK + 0x4) as _;
const CLOCK_NOW: *mut u32 = (CLOCK + 0x8) as _;
const CLOCK_WAS_ZERO: u32 = 1 << 16;

/// 2^20 cycles: at 12 MHz, a tick of 87 ms.
const TICK: u32 = 0x000F_FFFF;

/// So many ticks of silence are the end of what someone was sending.
pub const MOMENT: u32 = 1;
/// After so many ticks of silence it is time to ask whether there is anyone: two seconds, for the sake of the tests.
pub const WHILE: u32 = 24;

impl Uart {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Uart {
        // SAFETY: registers. Eight bits, queues on; UART, transmitter and receiver on. The clock counts, without
        // an interrupt.
        unsafe {
            LINE.write_volatile(0x70);
            CONTROL.write_volatile(0x301);
            CLOCK_BEGIN.write_volatile(TICK);
            CLOCK_CONTROL.write_volatile(0b101);
        }
        Uart(())
    }

    fn has(&self, flag: u32) -> bool {
        // SAFETY: a register that may be read at any time.
        unsafe { FLAGS.read_volatile() & flag != 0 }
    }

    /// Waits for one byte at least, takes what else has come, and returns how many bytes those are: 0 after so many ticks
    /// of silence.
    pub fn read(&self, into: &mut [u8], mut patience: u32) -> usize {
        while self.has(RECEIVE_EMPTY) {
            // SAFETY: a register that may be read at any time; it forgets that it was zero.
            if unsafe { CLOCK_CONTROL.read_volatile() } & CLOCK_WAS_ZERO != 0 {
                let Some(left) = patience.checked_sub(1) else { return 0 };
                patience = left;
            }
        }
        let mut count = 0;
        for slot in into.iter_mut().take_while(|_| !self.has(RECEIVE_EMPTY)) {
            // SAFETY: a register that gives what has come; what stands above its first byte are errors of the line.
            *slot = unsafe { DATA.read_volatile() } as u8;
            count += 1;
        }
        count
    }

    #[inline(never)]
    pub fn write(&self, bytes: &[u8]) {
        for byte in bytes {
            while self.has(TRANSMIT_FULL) {}
            // SAFETY: a register that takes what is to go.
            unsafe { DATA.write_volatile(u32::from(*byte)) };
        }
    }
}

/// Stands in for a source of randomness, which this board has not: what the clock shows whenever it is asked, stirred.
/// Whoever knows the program can guess much of it. A product takes the generator of its chip, or noise that it measures.
pub struct Random(u32);

impl Random {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Random {
        Random(0)
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // SAFETY: a register that may be read at any time.
            let now = || unsafe { CLOCK_NOW.read_volatile() };
            let before = now();
            // It stands still at first.
            while now() == before {}
            self.0 = (self.0 ^ now()).wrapping_mul(0x9E37_79B1).rotate_left(13);
            *byte = self.0 as u8;
        }
    }
}

/// Discards the first `len` bytes of what has arrived, and returns how many are left.
pub fn discard(arrived: &mut [u8], len: usize) -> usize {
    if len < arrived.len() {
        arrived.copy_within(len.., 0);
    }
    arrived.len().saturating_sub(len)
}

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Returns how many bytes of stack have been used since the start, in five decimal digits.
pub fn stack_used() -> [u8; 5] {
    let top = &raw const _stack_start;
    let mut lowest = &raw const _stack_end;
    // SAFETY: all of this is RAM that `cortex-m-rt` has painted.
    while lowest < top && unsafe { ptr::read_volatile(lowest) } == 0xCCCC_CCCC {
        lowest = lowest.wrapping_add(1);
    }
    let (mut used, mut digits) = (top as usize - lowest as usize, [0; 5]);
    for digit in digits.iter_mut().rev() {
        *digit = (used % 10) as u8 + b'0';
        used /= 10;
    }
    digits
}

/// No interrupt is enabled. `cortex-m-rt` asks for a table all the same.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [usize; 1] = [0];

/// Is not linked in, since nothing panics: `./run` looks for it.
#[panic_handler]
#[allow(clippy::empty_loop)]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
