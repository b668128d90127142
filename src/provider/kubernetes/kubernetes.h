/* kubernetes.h - clusters named by kubeconfig files, or the one this runs in. Any thread. */
#ifndef PROVIDER_KUBERNETES_KUBERNETES_H
#define PROVIDER_KUBERNETES_KUBERNETES_H

struct provider_ops;

/* Accounts are contexts. Configuration: `kubernetes.kubeconfig` (else $KUBECONFIG, ~/.kube/config, in-cluster). */
extern const struct provider_ops kubernetes_provider;

#endif
