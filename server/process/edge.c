/* throw-away bridge */
#include "server/process/edge.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/ssl.h>
#include <openssl/pem.h>
#include "server/edge/assets.h"
#include "server/ipc/control.h"
#include "server/ipc/link.h"
#include "server/os/log.h"
#define N 4096
struct conn { int fd; SSL *ssl; int hs; char in[80*1024]; size_t in_len; char *out; size_t out_len, out_sent; int asked, held, stream, closing; uint64_t gen; int head; };
static struct conn *c[N]; static struct link lk; static SSL_CTX *ctx; static int lfd[16]; static int nl; static int started, drain; static uint64_t gen=1;
void edge_config_write(struct writer *w, const struct edge_config *cf){ writer_u32(w, cf->connections_max);} 
static void out(struct conn *k,const char*p,size_t n){k->out=realloc(k->out,k->out_len+n);memcpy(k->out+k->out_len,p,n);k->out_len+=n;}
static void closec(int i){struct conn*k=c[i]; if(k->asked||k->held||k->stream){ (void)!link_push(&lk,FRAME_GONE,k->gen<<16|(unsigned)i,STR_NONE);} if(k->ssl){SSL_shutdown(k->ssl);SSL_free(k->ssl);} close(k->fd);free(k->out);free(k);c[i]=NULL;}
static const char *sec="Strict-Transport-Security: max-age=31536000; includeSubDomains\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: same-origin\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n";
static void respond(struct conn*k,int st,struct str hdr,struct str body,int chunk){char h[4096];int n=snprintf(h,sizeof h,"HTTP/1.1 %d X\r\n%s%.*s",st,sec,STR_ARGS(hdr)); if(chunk)n+=snprintf(h+n,sizeof h-n,"Transfer-Encoding: chunked\r\n\r\n"); else if(st==204)n+=snprintf(h+n,sizeof h-n,"\r\n"); else n+=snprintf(h+n,sizeof h-n,"Content-Length: %zu\r\n\r\n",body.len); out(k,h,n); if(!k->head)out(k,(const char*)body.ptr,body.len);} 
static struct str field(const char*h,const char*name){size_t l=strlen(name);const char*p=h;while((p=strstr(p,"\r\n"))){p+=2;if(!strncasecmp(p,name,l)&&p[l]==':'){p+=l+1;while(*p==' ')p++;const char*e=strstr(p,"\r\n");return str_from(p,(size_t)(e-p));}}return STR_NONE;}
static void parse(int i){struct conn*k=c[i];
 if(k->in_len==0)return;
 if(k->held){(void)!link_push(&lk,FRAME_RELEASE,k->gen<<16|(unsigned)i,STR_NONE);k->held=0;k->asked=1;return;}
 if(k->asked||k->stream)return;
 char*e=memmem(k->in,k->in_len,"\r\n\r\n",4); if(!e)return; size_t hl=(size_t)(e-k->in)+4; char save=k->in[hl];k->in[hl]=0;
 struct str cl=field(k->in,"content-length");uint64_t bl=0;if(cl.len&&str_u64(cl,65536,&bl)!=OK){closec(i);return;}
 if(k->in_len<hl+bl){k->in[hl]=save;return;}
 struct request r={0};char m[16],t[2100];sscanf(k->in,"%15s %2099s",m,t);r.method=!strcmp(m,"GET")?METHOD_GET:!strcmp(m,"HEAD")?METHOD_HEAD:!strcmp(m,"POST")?METHOD_POST:!strcmp(m,"PUT")?METHOD_PUT:!strcmp(m,"PATCH")?METHOD_PATCH:!strcmp(m,"DELETE")?METHOD_DELETE:METHOD_OPTIONS;
 k->head=r.method==METHOD_HEAD;
 r.target=str_from_cstr(t);static const char*names[]={"authorization","x-device-mac","content-type","cookie","x-csrf-token","origin","sec-fetch-site","host","accept","user-agent","if-none-match","last-event-id"};
 for(int f=0;f<FIELD_COUNT;f++)r.field[f]=field(k->in,names[f]);
 k->in[hl]=save;r.body=str_from(k->in+hl,bl);
 struct str path,q;str_cut(r.target,'?',&path,&q);int done=0;
 for(size_t a=0;a<asset_count&&!done;a++){struct str p=assets[a].path;int star=str_ends(p,STR("*"));if(star?(str_starts(path,str_slice(p,0,p.len-1))):str_eq(p,path)){char h[300];int n=snprintf(h,sizeof h,"Content-Type: %.*s\r\n",STR_ARGS(assets[a].content_type));respond(k,200,str_from(h,(size_t)n),assets[a].identity,0);done=1;}}
 if(!done&&(str_starts(path,STR("/api/"))||str_starts(path,STR("/device/"))||str_eq(path,STR("/healthz")))){struct writer w;k->gen=gen++;if(link_reserve(&lk,FRAME_REQUEST_MAX,&w)==OK&&request_put(&w,k->gen<<16|(unsigned)i,&r)==OK){link_commit(&lk,&w);k->asked=1;}else respond(k,503,STR("Retry-After: 1\r\n"),STR("{}"),0);done=1;}
 if(!done)respond(k,404,STR_NONE,STR("no"),0);
 memmove(k->in,k->in+hl+bl,k->in_len-hl-bl);k->in_len-=hl+bl; if(!k->asked)parse(i);
}
static void flushc(int i){struct conn*k=c[i];while(k->out_sent<k->out_len){int n=SSL_write(k->ssl,k->out+k->out_sent,(int)(k->out_len-k->out_sent));if(n<=0)return;k->out_sent+=(size_t)n;}k->out_sent=k->out_len=0;}
static void frames(void){struct frame f;while(link_next(&lk,&f)==OK){int i=(int)(f.id&0xFFFF);struct conn*k=i<N?c[i]:NULL;if(!k||k->gen!=f.id>>16)continue;struct reply r;
 if(f.type==FRAME_HELD){k->held=1;k->asked=0;if(k->in_len)parse(i);continue;}
 if(f.type==FRAME_REPLY&&reply_take(f.payload,&r)==OK){k->asked=k->held=0;respond(k,r.status,r.headers,r.body,0);flushc(i);parse(i);}
 if(f.type==FRAME_STREAM&&reply_take(f.payload,&r)==OK){k->asked=0;k->stream=1;respond(k,r.status,r.headers,r.body,1);}
 if(f.type==FRAME_STREAM_DATA){char h[20];int n=snprintf(h,sizeof h,"%zx\r\n",f.payload.len);out(k,h,(size_t)n);out(k,(const char*)f.payload.ptr,f.payload.len);out(k,"\r\n",2);}
 if(f.type==FRAME_STREAM_END){out(k,"0\r\n\r\n",5);k->stream=0;}
 flushc(i);} }
static void control(void){static uint8_t b[CONTROL_MAX];struct control m;enum err e=control_receive(CONTROL_FD,b,&m);if(e==ERR_IO)exit(0);if(e!=OK)return;struct reader r=reader_of(m.payload);
 switch(m.type){case CONTROL_LISTEN:lfd[nl++]=m.fds[0];break;case CONTROL_LINK:link_done(&lk);link_init(&lk,m.fds[0],FRAME_TO_EDGE_MAX);break;
 case CONTROL_IDENTITY:{struct str ce=reader_str32(&r),ke=reader_str32(&r);ctx=SSL_CTX_new(TLS_server_method());SSL_CTX_set_min_proto_version(ctx,TLS1_3_VERSION);BIO*bb=BIO_new_mem_buf(ce.ptr,(int)ce.len);X509*x=PEM_read_bio_X509(bb,0,0,0);SSL_CTX_use_certificate(ctx,x);X509*y;while((y=PEM_read_bio_X509(bb,0,0,0)))SSL_CTX_add_extra_chain_cert(ctx,y);BIO*kb=BIO_new_mem_buf(ke.ptr,(int)ke.len);SSL_CTX_use_PrivateKey(ctx,PEM_read_bio_PrivateKey(kb,0,0,0));SSL_CTX_set_mode(ctx,SSL_MODE_ENABLE_PARTIAL_WRITE|SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER|SSL_MODE_RELEASE_BUFFERS);break;}
 case CONTROL_START:started=1;(void)!control_send(CONTROL_FD,CONTROL_READY,STR_NONE,0,0);break;case CONTROL_DRAIN:exit(0);default:break;}}
int edge_main(void){signal(SIGPIPE,SIG_IGN);signal(SIGINT,SIG_IGN);link_init(&lk,-1,FRAME_TO_EDGE_MAX);
 for(;;){static struct pollfd p[N+32];static int idx[N+32];int n=0;p[n++]=(struct pollfd){CONTROL_FD,POLLIN,0};p[n++]=(struct pollfd){lk.fd,(short)(POLLIN|(link_wants_write(&lk)?POLLOUT:0)),0};
 if(started)for(int i=0;i<nl;i++)p[n++]=(struct pollfd){lfd[i],POLLIN,0};int base=n;
 for(int i=0;i<N;i++)if(c[i]){idx[n]=i;p[n++]=(struct pollfd){c[i]->fd,(short)(POLLIN|(c[i]->out_len?POLLOUT:0)),0};}
 poll(p,(nfds_t)n,-1);
 if(p[0].revents)control();
 if(p[1].revents&&lk.fd>=0){if(link_fill(&lk)==ERR_IO){link_done(&lk);for(int i=0;i<N;i++)if(c[i]&&(c[i]->asked||c[i]->held||c[i]->stream)){c[i]->asked=c[i]->held=c[i]->stream=0;closec(i);}}else frames();}
 if(started)for(int i=2;i<base;i++)if(p[i].revents){int f=accept4(p[i].fd,0,0,SOCK_NONBLOCK|SOCK_CLOEXEC);if(f>=0){int s=0;while(s<N&&c[s])s++;if(s==N){close(f);continue;}c[s]=calloc(1,sizeof*c[s]);c[s]->fd=f;c[s]->ssl=SSL_new(ctx);SSL_set_fd(c[s]->ssl,f);SSL_set_accept_state(c[s]->ssl);}}
 for(int j=base;j<n;j++){int i=idx[j];if(!c[i]||!p[j].revents||p[j].fd!=c[i]->fd)continue;struct conn*k=c[i];int dead=0;
  if(k->in_len<sizeof k->in){int g;while((g=SSL_read(k->ssl,k->in+k->in_len,(int)(sizeof k->in-1-k->in_len)))>0){k->in_len+=(size_t)g;parse(i);if(!c[i])break;}
  if(!c[i])continue; int er=SSL_get_error(k->ssl,g);if(er!=SSL_ERROR_WANT_READ&&er!=SSL_ERROR_WANT_WRITE)dead=1;}
  if(SSL_is_init_finished(k->ssl))flushc(i);if(dead)closec(i);}
 (void)!link_flush(&lk);
 }}
