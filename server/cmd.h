/* server/cmd.h - the subcommands of qip-server, one file each. */
#ifndef QIP_SERVER_CMD_H
#define QIP_SERVER_CMD_H

#include "core/status.h"

#define EXIT_USAGE 2

/* argv[0] is the subcommand's name. The exit status: 0, 1 failed (said on stderr), EXIT_USAGE called wrongly. */
int cmd_init(int argc, char **argv);
int cmd_practice(int argc, char **argv);
int cmd_server_key(int argc, char **argv);
int cmd_add_auditor(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_serve_git(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_reconcile(int argc, char **argv);
int cmd_fsck(int argc, char **argv);
int cmd_certificates(int argc, char **argv);
int cmd_check_config(int argc, char **argv);

/* Their right forms, as --help shows them. */
#define CMD_INIT_USAGE "qip-server init DIR [--host NAME]..."
#define CMD_PRACTICE_USAGE "qip-server practice add DIR ODS --name NAME [--manager DEVICE]"
#define CMD_SERVER_KEY_USAGE "qip-server server-key DIR ODS [--new]"
#define CMD_ADD_AUDITOR_USAGE "qip-server add-auditor DIR ODS DEVICE"
#define CMD_SERVE_USAGE "qip-server serve DIR [--listen HOST:PORT]... [--port-file FILE]"
#define CMD_SERVE_GIT_USAGE "qip-server serve-git DIR --listen HOST:PORT [--plain-http] [--port-file FILE]"
#define CMD_BACKUP_USAGE "qip-server backup DIR TO [--recipient KEY... [--full] [--keep DAYS]]"
#define CMD_RESTORE_USAGE "qip-server restore FROM DIR [--identity FILE [--run NAME]]"
#define CMD_RECONCILE_USAGE "qip-server reconcile DIR [ODS] [--open]"
#define CMD_FSCK_USAGE "qip-server fsck DIR [ODS]"
#define CMD_CERTIFICATES_USAGE "qip-server certificates DIR [--renew | --new-authority | --forget-old [--yes]] [--host NAME]..."
#define CMD_CHECK_CONFIG_USAGE "qip-server check-config DIR [--quiet]"

/* Say what is wrong and the right form; returns EXIT_USAGE. */
int cmd_usage(const char *usage, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Say what failed; returns 1. */
int cmd_failed(const struct error *e);
/* The value behind option argv[*i], which moves on; NULL if there is none. */
const char *cmd_value(int argc, char **argv, int *i);

#endif
