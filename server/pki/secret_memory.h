/* Memory of a process that holds keys.
 *
 * Owns:     OpenSSL's allocator, for the life of the process.
 * Promise:  numbers that OpenSSL knows to be secret lie in locked pages which are in no core file;
 *           whatever else it frees is wiped.
 * Source:   CRYPTO_set_mem_functions(3), OPENSSL_secure_malloc(3).
 * Watch:    before anything of OpenSSL is used. */
#ifndef OC_PKI_SECRET_MEMORY_H
#define OC_PKI_SECRET_MEMORY_H

/* process: its name, for the log. */
void secret_memory_prepare(const char *process);

#endif
