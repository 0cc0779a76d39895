/* Every route of the core and who may call it: method, path, caller, least scope of an API key,
 * what kind of body it takes, handler.
 *
 * A route cannot be added without its caller: the macro takes six arguments. api/openapi.yaml
 * carries the same callers, and tools/check_routes compares the two.
 *
 * Order is the order of matching; the paths of devices come first because they are asked most. */
#ifndef OC_API_ROUTES_H
#define OC_API_ROUTES_H

/* clang-format off */
#define ROUTES(ROUTE) \
    ROUTE(POST,   "/device/v1/readings",                     DEVICE,  NONE,    JSON,  device_readings_post) \
    ROUTE(GET,    "/device/v1/desired",                      DEVICE,  NONE,    EMPTY, device_desired_get) \
    ROUTE(POST,   "/device/v1/reported",                     DEVICE,  NONE,    JSON,  device_reported_post) \
    ROUTE(POST,   "/device/v1/session",                      ANYONE,  NONE,    JSON,  device_session_post) \
    ROUTE(POST,   "/device/v1/register",                     ANYONE,  NONE,    JSON,  device_register_post) \
    ROUTE(GET,    "/api/v1/registration-form",               ANYONE,  NONE,    EMPTY, registration_form_get) \
    ROUTE(POST,   "/api/v1/registration",                    ANYONE,  NONE,    JSON,  registration_post) \
    ROUTE(POST,   "/api/v1/confirmation",                    ANYONE,  NONE,    JSON,  confirmation_post) \
    ROUTE(POST,   "/api/v1/confirmation/resend",             ANYONE,  NONE,    JSON,  confirmation_resend_post) \
    ROUTE(POST,   "/api/v1/password-reset",                  ANYONE,  NONE,    JSON,  password_reset_post) \
    ROUTE(POST,   "/api/v1/password-reset/finish",           ANYONE,  NONE,    JSON,  password_reset_finish_post) \
    ROUTE(POST,   "/api/v1/login",                           ANYONE,  NONE,    JSON,  login_post) \
    ROUTE(GET,    "/api/v1/login/passkey",                   ANYONE,  NONE,    EMPTY, login_passkey_get) \
    ROUTE(POST,   "/api/v1/login/passkey",                   ANYONE,  NONE,    JSON,  login_passkey_post) \
    ROUTE(POST,   "/api/v1/logout",                          BROWSER, NONE,    EMPTY, logout_post) \
    ROUTE(POST,   "/api/v1/session/confirmation",            BROWSER, NONE,    JSON,  session_confirmation_post) \
    ROUTE(GET,    "/api/v1/sessions",                        BROWSER, NONE,    EMPTY, sessions_get) \
    ROUTE(DELETE, "/api/v1/sessions",                        BROWSER, NONE,    EMPTY, sessions_delete) \
    ROUTE(DELETE, "/api/v1/sessions/{id}",                   BROWSER, NONE,    EMPTY, session_delete) \
    ROUTE(GET,    "/api/v1/audit",                           BROWSER, NONE,    EMPTY, audit_get) \
    ROUTE(GET,    "/api/v1/me",                              OWNER,   READ,    EMPTY, me_get) \
    ROUTE(POST,   "/api/v1/account/password",                CONFIRMED, NONE,  JSON,  account_password_post) \
    ROUTE(POST,   "/api/v1/account/email",                   CONFIRMED, NONE,  JSON,  account_email_post) \
    ROUTE(DELETE, "/api/v1/account",                         CONFIRMED, NONE,  JSON,  account_delete) \
    ROUTE(GET,    "/api/v1/account/export",                  BROWSER, NONE,    EMPTY, account_export_get) \
    ROUTE(GET,    "/api/v1/account/export/readings",         BROWSER, NONE,    EMPTY, account_export_readings_get) \
    ROUTE(GET,    "/api/v1/factors",                         BROWSER, NONE,    EMPTY, factors_get) \
    ROUTE(POST,   "/api/v1/factors/totp",                    CONFIRMED, NONE,  EMPTY, totp_post) \
    ROUTE(POST,   "/api/v1/factors/totp/confirmation",       CONFIRMED, NONE,  JSON,  totp_confirmation_post) \
    ROUTE(DELETE, "/api/v1/factors/totp",                    CONFIRMED, NONE,  EMPTY, totp_delete) \
    ROUTE(POST,   "/api/v1/factors/recovery-codes",          CONFIRMED, NONE,  EMPTY, recovery_codes_post) \
    ROUTE(POST,   "/api/v1/factors/passkeys/options",        CONFIRMED, NONE,  EMPTY, passkey_options_post) \
    ROUTE(POST,   "/api/v1/factors/passkeys",                CONFIRMED, NONE,  JSON,  passkeys_post) \
    ROUTE(PATCH,  "/api/v1/factors/passkeys/{id}",           BROWSER, NONE,    JSON,  passkey_patch) \
    ROUTE(DELETE, "/api/v1/factors/passkeys/{id}",           CONFIRMED, NONE,  EMPTY, passkey_delete) \
    ROUTE(GET,    "/api/v1/api-keys",                        BROWSER, NONE,    EMPTY, api_keys_get) \
    ROUTE(POST,   "/api/v1/api-keys",                        CONFIRMED, NONE,    JSON,  api_keys_post) \
    ROUTE(DELETE, "/api/v1/api-keys/{id}",                   BROWSER, NONE,    EMPTY, api_key_delete) \
    ROUTE(GET,    "/api/v1/devices",                         OWNER,   READ,    EMPTY, devices_get) \
    ROUTE(POST,   "/api/v1/devices",                         OWNER,   MANAGE,  JSON,  devices_post) \
    ROUTE(GET,    "/api/v1/devices/{id}",                    OWNER,   READ,    EMPTY, device_get) \
    ROUTE(PATCH,  "/api/v1/devices/{id}",                    OWNER,   MANAGE,  MERGE, device_patch) \
    ROUTE(DELETE, "/api/v1/devices/{id}",                    OWNER,   MANAGE,  EMPTY, device_delete) \
    ROUTE(POST,   "/api/v1/devices/{id}/registration-token", OWNER,   MANAGE,  EMPTY, registration_token_post) \
    ROUTE(PATCH,  "/api/v1/devices/{id}/desired",            OWNER,   CONTROL, MERGE, desired_patch) \
    ROUTE(GET,    "/api/v1/devices/{id}/readings",           OWNER,   READ,    EMPTY, readings_get) \
    ROUTE(GET,    "/api/v1/events",                          OWNER,   READ,    EMPTY, events_get) \
    ROUTE(GET,    "/api/v1/healthz",                         ANYONE,  NONE,    EMPTY, healthz_get) \
    ROUTE(GET,    "/healthz",                                ANYONE,  NONE,    EMPTY, healthz_get) \
    ROUTE(GET,    "/.well-known/acme-challenge/{id}",        ANYONE,  NONE,    EMPTY, challenge_get)
/* clang-format on */

#include "server/api/call.h"

#define DECLARE_HANDLER(method, path, caller, scope, body, handler) handler_fn handler;
/* healthz_get stands twice; declaring a function again is allowed. */
ROUTES(DECLARE_HANDLER)
#undef DECLARE_HANDLER

#endif
