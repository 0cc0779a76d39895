/* Standard output and the end of the program, over the simulator's calls.
 *
 * Owns:     the line buffer.
 * Promise:  what was printed is out when the program ends.
 * Source:   picolibc, "Using picolibc: I/O" for FDEV_SETUP_STREAM.
 * Watch:    one simulator call a character would take minutes; hence the buffer. */
#include <stdio.h>
#include <stdlib.h>

int sim_write(int fd, const void *ptr, int len);
_Noreturn void sim_exit(int code);
_Noreturn void _exit(int code);

static char line[256];
static int line_len;

static void line_flush(void)
{
    sim_write(1, line, line_len);
    line_len = 0;
}

static int put(char c, FILE *file)
{
    (void)file;
    line[line_len++] = c;
    if (c == '\n' || line_len == (int)sizeof line)
        line_flush();
    return (unsigned char)c;
}

static FILE output = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdout = &output;

_Noreturn void _exit(int code)
{
    line_flush();
    sim_exit(code);
}
