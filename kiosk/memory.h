/* kiosk/memory.h - keeping a small box's memory small, where the C library lets a program say so. */
#ifndef QIP_KIOSK_MEMORY_H
#define QIP_KIOSK_MEMORY_H

/* Before the first thread starts. */
void memory_tune(void);
/* Give back to the system what was freed, after something large. */
void memory_trim(void);

#endif
