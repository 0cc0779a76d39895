#ifndef OC_PROCESS_EDGE_H
#define OC_PROCESS_EDGE_H
#include "common/base/writer.h"
struct edge_config { uint32_t connections_max; };
void edge_config_write(struct writer *w, const struct edge_config *c);
int edge_main(void);
#endif
