/* The rows of the product's security page, in its words.
 *
 * Owns:     nothing.
 * Promise:  every row of the page stands here, also those that nothing can be said about yet.
 * Source:   the product's security page; SECURITY.md says what keeps each.
 * Watch:    a row needs at least one line in checks.c; prove_test.c compares. */
#include "server/prove/prove.h"

const struct claim claims[] = {
    {"P1", "Defence in depth: several layers protect devices, data and infrastructure"},
    {"P2", "Zero trust: every request is authenticated, authorised and encrypted"},
    {"P3", "Secure by default: on out of the box, nothing to configure"},
    {"S1", "TLS 1.3; HTTP redirects to HTTPS; HSTS"},
    {"S2", "API 20 requests/s, sign-in 5/min, registration 2/min, 10 connections per address"},
    {"S3", "Admin panel on a secret 43-character path, 10 attempts per 15 minutes"},
    {"S4", "X-Frame-Options DENY, nosniff, Referrer-Policy same-origin, CSRF on all forms"},
    {"S5", "Database of its own; passwords as PBKDF2-SHA256, 260,000 iterations at least"},
    {"S6", "Automated daily backups, recoverable"},
    {"U1", "Registration form with a non-intrusive test for bots"},
    {"U2", "Account inactive until the confirmation link is clicked"},
    {"U3", "6 registration attempts per 10 minutes per address"},
    {"U4", "Optional second factor by TOTP"},
    {"U5", "HTTP-only, Secure cookies; sessions refresh every 60 minutes; CSRF"},
    {"U6", "Brute force is stopped, excess gets 429"},
    {"D1", "All traffic of devices is encrypted, certificate validation on"},
    {"D2", "Registration token: 24 h, deleted after first use"},
    {"D3", "Permanent key of a device: hashed, used for all later authentication"},
    {"D4", "Session of a device is bound to its MAC; both are needed"},
    {"D5", "Updates are signed; the device verifies before installing"},
    {"D6", "Hardware watchdog resets a hung device"},
    {"D7", "Wi-Fi set-up needs a password chosen when the firmware is made"},
    {"D8", "Rate limit per device"},
    {"A1", "All endpoints need valid authentication, else 401"},
    {"A2", "Users reach only their own devices"},
    {"A3", "Browsable API off in production"},
    {"A4", "API limits against abuse"},
    {"M1", "Registrations, sign-ins, token generation, transfers, deletions are logged"},
    {"M2", "Mail when a registration comes from a bot or datacentre range"},
    {"M3", "Admin access attempts are logged with address and time"},
    {"M4", "Honeypot paths log and block scanners"},
    {"process", "A process that is taken over holds little: no rights, few calls, no key"},
};
const size_t claim_count = sizeof claims / sizeof claims[0];
