/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/cert.h"
#include "home/certificate.h"
#include "plan/plan.h"

bool plan_item_describe(struct ledger *ledger, const struct plan_item *item, struct builder *ret_text,
                        struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct bytes tbs = bytes_of(item->tbs, item->tbs_len);
    if (item->action == PLAN_REPEAT || item->action == PLAN_PRESENT)
        return home_certificate_remake(ledger, &item->earlier, &der, err) &&
               cert_describe(builder_bytes(&der), ret_text, err);
    if (!cert_tbs_signature_kind(tbs, &kind, err))
        return false;
    cert_seal(tbs, kind, bytes_of(NULL, 0), &der);
    return cert_describe(builder_bytes(&der), ret_text, err);
}
