/* SPDX-License-Identifier: Apache-2.0 */
/* What is removable and mounted is listed, by what the kernel says of it; the machine's own disks are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/builder.h"
#include "base/memory.h"
#include "folder.h"
#include "media/list.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/** Runs a line of shell in the folder. \return its success */
static bool runs(const struct folder *folder, const char *command)
{
    AUTO(free) char *line = memory_format("cd %s && {\n%s\n} >log 2>&1", folder->path, command);
    return system(line) == 0;
}

static void run(const struct folder *folder, const char *command)
{
    if (!runs(folder, command))
        fail_msg("failed: %s", command);
}

/** A machine: its own disk, a stick with a partition, a USB disk that does not say it is removable, a card, internal flash. */
static int setup(void **state)
{
    struct folder *folder = memory_new(1, sizeof(*folder));
    folder_make(folder);
    run(folder, "mkdir -p sys/dev/block dev/disk/by-label mnt/stick/requests mnt/disk mnt/card mnt/secret");
    run(folder, "p=sys/devices/pci0/ata1/block/sda; mkdir -p $p/device $p/sda1; echo 0 >$p/removable; echo "
                "1 >$p/sda1/partition; ln -s ../../devices/pci0/ata1/block/sda/sda1 sys/dev/block/8:1");
    run(folder, "p=sys/devices/pci0/ata2/block/sdb; mkdir -p $p/device $p/sdb1; echo 1 >$p/removable; echo "
                "1 >$p/sdb1/partition; echo 61440 >$p/sdb1/size; echo 'SanDisk ' >$p/device/vendor; echo "
                "'Ultra Fit       ' >$p/device/model; ln -s ../../devices/pci0/ata2/block/sdb/sdb1 "
                "sys/dev/block/8:17");
    run(folder, "p=sys/devices/pci0/usb1/1-1/host6/block/sdc; mkdir -p $p; echo 0 >$p/removable; echo 8 "
                ">$p/size; ln -s ../../devices/pci0/usb1/1-1/host6/block/sdc sys/dev/block/8:32");
    run(folder,
        "for i in 0 1; do p=sys/devices/mmc_host/mmc$i/block/mmcblk$i; mkdir -p $p/device $p/mmcblk${i}p1; "
        "echo 0 >$p/removable; echo 1 >$p/mmcblk${i}p1/partition; echo SC16G >$p/device/name; ln -s "
        "../../devices/mmc_host/mmc$i/block/mmcblk$i/mmcblk${i}p1 sys/dev/block/179:$i; done; echo SD "
        ">sys/devices/mmc_host/mmc0/block/mmcblk0/device/type; echo MMC "
        ">sys/devices/mmc_host/mmc1/block/mmcblk1/device/type");
    // A stick's second partition, decrypted.
    run(folder,
        "mkdir sys/devices/pci0/ata2/block/sdb/sdb2; echo 2 >sys/devices/pci0/ata2/block/sdb/sdb2/partition; "
        "p=sys/devices/virtual/block/dm-0; mkdir -p $p/slaves; ln -s "
        "../../../../pci0/ata2/block/sdb/sdb2 $p/slaves/sdb2; ln -s ../../devices/virtual/block/dm-0 "
        "sys/dev/block/254:0");
    // One that lies on itself must not be followed for ever.
    run(folder,
        "p=sys/devices/virtual/block/dm-1; mkdir -p $p/slaves; ln -s ../../dm-1 $p/slaves/dm-1; ln -s "
        "../../devices/virtual/block/dm-1 sys/dev/block/254:1");
    *state = folder;
    return 0;
}

static int teardown(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

static bool list_by(const struct folder *folder, const char *mountinfo, struct media_list *ret_list,
                    struct error *err)
{
    AUTO(free) char *sysfs = memory_format("%s/sys", folder->path);
    AUTO(free) char *dev = memory_format("%s/dev", folder->path);
    const struct media_places places = {.mountinfo = mountinfo, .sysfs = sysfs, .dev = dev};
    return media_list_in(&places, ret_list, err);
}

/** Lists by lines of mountinfo whose %s is the folder. */
static void list(const struct folder *folder, const char *lines, struct media_list *ret_list)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *command = memory_format("sed \"s|@|$PWD|\" >mountinfo <<'END'\n%sEND\n", lines);
    AUTO(free) char *mountinfo = memory_format("%s/mountinfo", folder->path);
    run(folder, command);
    if (!list_by(folder, mountinfo, ret_list, &err))
        fail_msg("%s", err.text);
}

static void assert_ends(const char *text, const char *end)
{
    if (strlen(text) < strlen(end) || strcmp(text + strlen(text) - strlen(end), end) != 0)
        fail_msg("%s does not end with %s", text, end);
}

#define ROOT "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n24 25 0:6 / /dev rw - devtmpfs udev rw\n"
#define STICK "30 25 8:17 / @/mnt/stick rw,nosuid shared:9 - vfat /dev/sdb1 rw,fmask=0022\n"

static void sticks_usb_disks_cards_and_what_is_decrypted_from_them_are_listed(void **state)
{
    AUTO(media_list_done) struct media_list found = {.items = NULL};
    list(*state,
         ROOT STICK "31 25 8:32 / @/mnt/disk ro,nosuid - exfat /dev/sdc rw\n"
                    "32 25 179:0 / @/mnt/card rw - vfat /dev/mmcblk0p1 rw\n"
                    "33 25 254:0 / @/mnt/secret rw - ext4 /dev/mapper/secret rw\n",
         &found);
    assert_int_equal(found.count, 4);
    const struct media_mount *card = &found.items[0];
    const struct media_mount *disk = &found.items[1];
    const struct media_mount *secret = &found.items[2];
    const struct media_mount *stick = &found.items[3];
    assert_ends(card->path, "/mnt/card");
    assert_string_equal(card->model, "SC16G");
    assert_ends(disk->path, "/mnt/disk");
    assert_true(disk->is_read_only && !disk->has_requests);
    assert_null(disk->model);
    assert_int_equal(disk->size_bytes, 4096);
    assert_string_equal(secret->device, "/dev/mapper/secret");
    assert_ends(stick->shown, "/mnt/stick");
    assert_string_equal(stick->device, "/dev/sdb1");
    assert_string_equal(stick->model, "SanDisk Ultra Fit");
    assert_string_equal(stick->file_system, "vfat");
    assert_int_equal(stick->size_bytes, 61440 * 512);
    assert_true(stick->has_requests && !stick->is_read_only);
    assert_null(stick->label);
}

static void the_machines_own_disks_are_not(void **state)
{
    AUTO(media_list_done) struct media_list found = {.items = NULL};
    list(*state,
         ROOT "26 25 179:1 / @/mnt/card rw - ext4 /dev/mmcblk1p1 rw\n"
              "27 25 254:1 / @/mnt/disk rw - ext4 /dev/mapper/loop rw\n"
              "28 25 9:9 / @/mnt/stick rw - ext4 /dev/gone rw\n",
         &found);
    assert_int_equal(found.count, 0);
}

static void a_medium_is_listed_once_and_not_by_a_part_of_it(void **state)
{
    AUTO(media_list_done) struct media_list found = {.items = NULL};
    list(*state,
         ROOT "29 25 8:17 /requests @/mnt/card rw - vfat /dev/sdb1 rw\n" STICK
              "31 25 8:17 / @/mnt/disk rw - vfat /dev/sdb1 rw\n",
         &found);
    assert_int_equal(found.count, 1);
    assert_ends(found.items[0].path, "/mnt/stick");
}

static void what_a_stick_says_of_itself_is_shown_harmless(void **state)
{
    const struct folder *folder = *state;
    AUTO(media_list_done) struct media_list found = {.items = NULL};
    run(folder,
        "printf 'Evil\\033[2J\\n' >sys/devices/pci0/ata2/block/sdb/device/model; mkdir -p mnt/\"$(printf "
        "'a\\033b c')\"");
    list(folder, ROOT "30 25 8:17 / @/mnt/a\\033b\\040c rw - vfat /dev/sdb1 rw\n", &found);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].model, "SanDisk Evil\\x1b[2J");
    assert_ends(found.items[0].path, "/mnt/a\033b c");
    assert_ends(found.items[0].shown, "/mnt/a\\x1bb c");
}

static void labels_are_those_udev_knows(void **state)
{
    const struct folder *folder = *state;
    AUTO(media_list_done) struct media_list found = {.items = NULL};
    if (mknodat(folder->fd, "dev/sdb1", S_IFBLK | 0600, makedev(8, 17)) != 0)
        skip(); // only root may make a device
    static const struct {
        const char *link;
        const char *shown;
    } labels[] = {
        {"MY\\x20STICK\\x1b", "MY STICK\\x1b"},
        {"\\x41\\x4fz\\x7a", "AOzz"},
        {"\\x09\\x0a\\x10\\x01", "\\x09\\x0a\\x10\\x01"},
        {"\\x00", "\\\\x00"},
        {"\\x4g\\xg4\\x:4\\x4`\\x4", "\\\\x4g\\\\xg4\\\\x:4\\\\x4`\\\\x4"},
        {"\\x4A", "\\\\x4A"},
        {"\\", "\\\\"},
        {"plain", "plain"},
    };
    assert_int_equal(mknodat(folder->fd, "dev/sda1", S_IFBLK | 0600, makedev(8, 1)), 0);
    assert_int_equal(mknodat(folder->fd, "dev/char", S_IFCHR | 0600, makedev(8, 17)), 0);
    run(folder, "cd dev/disk/by-label; ln -s ../../gone GONE; ln -s ../../sda1 OWN; ln -s ../../char CHAR");
    list(folder, ROOT STICK, &found);
    assert_int_equal(found.count, 1);
    assert_null(found.items[0].label);
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        AUTO(media_list_done) struct media_list again = {.items = NULL};
        AUTO(free) char *path = memory_format("dev/disk/by-label/%s", labels[i].link);
        assert_int_equal(symlinkat("../../sdb1", folder->fd, path), 0);
        list(folder, ROOT STICK, &again);
        assert_int_equal(unlinkat(folder->fd, path, 0), 0);
        assert_int_equal(again.count, 1);
        assert_non_null(again.items[0].label);
        assert_string_equal(again.items[0].label, labels[i].shown);
    }
}

/** All that is said of all media, a line for each; the caller frees it. The folder's own path is "@". */
static char *text_of(const struct folder *folder, const struct media_list *found)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    for (size_t i = 0; i < found->count; i++) {
        const struct media_mount *mount = &found->items[i];
        size_t len = strlen(folder->path);
        assert_memory_equal(mount->path, folder->path, len);
        assert_memory_equal(mount->shown, folder->path, len);
        builder_format(&text, "@%s|%s|%s|%s|%s|%" PRIu64 "%s%s\n", mount->shown + len, mount->device,
                       mount->label == NULL ? "-" : mount->label, mount->model == NULL ? "-" : mount->model,
                       mount->file_system, mount->size_bytes, mount->is_read_only ? "|ro" : "",
                       mount->has_requests ? "|requests" : "");
    }
    return builder_take_text(&text);
}

static void assert_list(const struct folder *folder, const char *lines, const char *wanted)
{
    AUTO(media_list_done) struct media_list found = {.items = NULL};
    list(folder, lines, &found);
    AUTO(free) char *text = text_of(folder, &found);
    assert_string_equal(text, wanted);
}

#define STICK_LISTED "@/mnt/stick|/dev/sdb1|-|SanDisk Ultra Fit|vfat|31457280|requests\n"

static void all_that_is_said_of_each_is_what_the_kernel_says(void **state)
{
    const struct folder *folder = *state;
    run(folder, "touch mnt/card/requests; ln -s ../stick/requests mnt/disk/requests");
    assert_list(folder,
                ROOT STICK "31 25 8:32 / @/mnt/disk ro,nosuid - exfat /dev/sdc rw\n"
                           "32 25 179:0 / @/mnt/card rw - vfat /dev/mmcblk0p1 rw\n"
                           "33 25 254:0 / @/mnt/secret rw - ext4 /dev/mapper/secret rw\n",
                "@/mnt/card|/dev/mmcblk0p1|-|SC16G|vfat|0\n@/mnt/disk|/dev/sdc|-|-|exfat|4096|ro\n"
                "@/mnt/secret|/dev/mapper/secret|-|SanDisk Ultra Fit|ext4|0\n" STICK_LISTED);
    // A table's order is none, and of devices without a name of their own each is one.
    assert_list(folder,
                "32 25 179:0 / @/mnt/card rw - vfat /dev/mmcblk0p1 rw\n" STICK
                "33 25 8:17 / @/mnt/other rw - vfat /dev/sdb1 rw\n" ROOT,
                "@/mnt/card|/dev/mmcblk0p1|-|SC16G|vfat|0\n" STICK_LISTED);
    assert_list(folder, "", "");
}

static void what_a_device_does_not_say_is_not_told(void **state)
{
    static const struct {
        const char *command;
        const char *listed;
    } said[] = {
        {"printf ' \n Ultra \n\n' >$d/device/model", "@/mnt/stick|/dev/sdb1|-|SanDisk Ultra|vfat|31457280\n"},
        {"rm $d/device/vendor", "@/mnt/stick|/dev/sdb1|-|Ultra|vfat|31457280\n"},
        {"printf ' \n ' >$d/device/model; echo U2 >$d/device/name",
         "@/mnt/stick|/dev/sdb1|-|U2|vfat|31457280\n"},
        {"rm $d/device/name; echo SanDisk >$d/device/vendor", "@/mnt/stick|/dev/sdb1|-|-|vfat|31457280\n"},
        {"printf %4096s x >$d/device/model", "@/mnt/stick|/dev/sdb1|-|SanDisk x|vfat|31457280\n"},
        {"printf %4097s x >$d/device/model", "@/mnt/stick|/dev/sdb1|-|-|vfat|31457280\n"},
        {"echo 36028797018963967 >$d/sdb1/size", "@/mnt/stick|/dev/sdb1|-|-|vfat|18446744073709551104\n"},
        {"echo 36028797018963968 >$d/sdb1/size", "@/mnt/stick|/dev/sdb1|-|-|vfat|0\n"},
        {"rm $d/sdb1/size", "@/mnt/stick|/dev/sdb1|-|-|vfat|0\n"},
        {"echo 10 >$d/removable", ""},
        {"rm $d/removable", ""},
        {"echo SDIO >$d/device/type", ""},
        {"echo SD >$d/device/type", "@/mnt/stick|/dev/sdb1|-|-|vfat|0\n"},
    };
    const struct folder *folder = *state;
    run(folder, "rmdir mnt/stick/requests");
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        AUTO(free) char *command = memory_format("d=sys/devices/pci0/ata2/block/sdb; %s", said[i].command);
        run(folder, command);
        assert_list(folder, STICK, said[i].listed);
    }
}

/** Of encryption upon encryption: the fourth at last is a stick, or not looked for. */
static void layers_are_looked_through_to_the_fourth(void **state)
{
    const struct folder *folder = *state;
    run(folder, "for i in 2 3 4; do p=sys/devices/virtual/block/dm-$i; mkdir -p $p/slaves; "
                "ln -s ../../devices/virtual/block/dm-$i sys/dev/block/254:$i; done; "
                "ln -s ../../dm-0 sys/devices/virtual/block/dm-2/slaves/dm-0; "
                "ln -s ../../dm-2 sys/devices/virtual/block/dm-3/slaves/dm-2; "
                "ln -s ../../dm-3 sys/devices/virtual/block/dm-4/slaves/dm-3; "
                "touch sys/devices/virtual/block/dm-4/slaves/.hidden");
    assert_list(folder,
                "33 25 254:3 / @/mnt/secret rw - ext4 /dev/mapper/three rw\n"
                "34 25 254:4 / @/mnt/card rw - ext4 /dev/mapper/four rw\n",
                "@/mnt/secret|/dev/mapper/three|-|SanDisk Ultra Fit|ext4|0\n");
}

/** Where sysfs lies says nothing of a device. */
static void the_machines_own_disk_is_not_one_by_its_folders_name(void **state)
{
    const struct folder *folder = *state;
    run(folder, "mkdir usb1; mv sys usb1/sys; ln -s usb1/sys sys");
    assert_list(folder, ROOT STICK, STICK_LISTED);
}

static void a_table_that_cant_be_read_is_an_error_and_the_machines_own_can(void **state)
{
    struct error err = ERROR_INIT;
    struct media_list found = {.items = NULL};
    assert_false(list_by(*state, "/nonexistent/mountinfo", &found, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "can't read what is mounted from /nonexistent/mountinfo; name the medium's "
                                  "directory: No such file or directory");
    assert_true(media_list(&found, &err));
    media_list_done(&found);
}

/** The kernel's own table, with a real file system mounted by a loop device that sysfs is made to call removable. */
static void a_real_mount_is_found(void **state)
{
    const struct folder *folder = *state;
    struct error err = ERROR_INIT;
    AUTO(media_list_done) struct media_list found = {.items = NULL};
    if (getuid() != 0 ||
        !runs(folder,
              "mkdir 'mnt/a real one'; truncate -s 4M image && mkfs.ext4 -q image && mount -o loop,ro "
              "image 'mnt/a real one'"))
        skip(); // not root, or a container without loop devices
    run(folder, "rm sys/dev/block/*; stat -c %d 'mnt/a real one' >number; n=$(cat number); "
                "p=sys/devices/virtual/block/real; mkdir "
                "-p $p; echo 1 >$p/removable; echo 8192 >$p/size; ln -s ../../devices/virtual/block/real "
                "sys/dev/block/$((n >> 8 & 0xfff)):$(((n & 0xff) | (n >> 12 & 0xfff00)))");
    bool is_read = list_by(folder, "/proc/self/mountinfo", &found, &err);
    run(folder, "umount 'mnt/a real one'");
    assert_true(is_read);
    assert_int_equal(found.count, 1);
    assert_ends(found.items[0].path, "/mnt/a real one");
    assert_string_equal(found.items[0].file_system, "ext4");
    assert_int_equal(found.items[0].size_bytes, 4 * 1024 * 1024);
    assert_true(found.items[0].is_read_only);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(sticks_usb_disks_cards_and_what_is_decrypted_from_them_are_listed),
        IN_FOLDER(the_machines_own_disks_are_not),
        IN_FOLDER(a_medium_is_listed_once_and_not_by_a_part_of_it),
        IN_FOLDER(what_a_stick_says_of_itself_is_shown_harmless),
        IN_FOLDER(labels_are_those_udev_knows),
        IN_FOLDER(all_that_is_said_of_each_is_what_the_kernel_says),
        IN_FOLDER(what_a_device_does_not_say_is_not_told),
        IN_FOLDER(layers_are_looked_through_to_the_fourth),
        IN_FOLDER(the_machines_own_disk_is_not_one_by_its_folders_name),
        IN_FOLDER(a_table_that_cant_be_read_is_an_error_and_the_machines_own_can),
        IN_FOLDER(a_real_mount_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
