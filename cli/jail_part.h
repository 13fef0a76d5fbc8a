/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's parts that concern files and namespaces: each returns 0, or -1 and errno. */
#ifndef CLI_JAIL_PART_H
#define CLI_JAIL_PART_H

int jail_own_spaces(void);

/* Only in a mount namespace of this process. */
int jail_empty_root(void);

/* By Landlock, whatever is mounted. */
int jail_no_files(void);

#endif
