/* The commands of ocean-load. */
#ifndef OC_LOAD_LOAD_H
#define OC_LOAD_LOAD_H

#include <stdint.h>
#include <time.h>

/* Enrol count devices and print one line each; see main.c for the form. */
int enrol(const char *server, const char *ca_file, const char *api_key, unsigned count);

struct run_options {
    const char *sessions_file;
    const char *server;  /* NULL: the one the sessions were enrolled with */
    const char *ca_file; /* NULL: likewise */
    unsigned connections;
    unsigned seconds;
    int hold; /* connect, send one batch, then wait for desired state and stay idle */
    int json; /* print one JSON object */
};
int run(const struct run_options *options);

struct flood_options {
    const char *server, *ca_file;
    const char *mix;      /* NAME=WEIGHT,...: see flood.c */
    unsigned addresses;   /* to come from: 127.9.0.1 and following */
    unsigned connections; /* at once */
    unsigned seconds;
    unsigned rate;        /* attempts a second at most; 0: as many as there can be */
    unsigned patience_ms; /* with a server that says nothing */
    unsigned asks;        /* requests on a connection */
};

/* Attack a server of this machine; prints one JSON object of what became of the attempts. */
int flood(const struct flood_options *options);

/* Full handshake, one batch of readings, goodbye; so many at a time, each from another address. */
int handshakes(const struct run_options *options);

int64_t now_us(clockid_t clock);

/* CPU time and memory of all processes of the server that listens on this port of this machine. */
struct usage {
    double cpu_s;
    double core_cpu_s; /* of it the core's: what is behind the TLS */
    double pss_kb;     /* proportional set size: shared pages are counted once */
    unsigned processes;
};
struct usage server_usage(unsigned port);

#endif
