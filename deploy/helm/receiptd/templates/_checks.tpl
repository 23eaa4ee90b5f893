{{/* Settings that are sound each for itself and not together. Ends with one line that names the key and what to do. */}}
{{- define "receiptd.checks" -}}
{{- $config := .Values.config -}}
{{- $backend := dig "pipeline" "backend" "embedded" $config -}}
{{- if not $config.queues -}}
{{- fail "config.queues: must have at least one queue, such as { messageType: SmsReport, queueName: Alicom-Queue-1234567890123456-SmsReport }" -}}
{{- end -}}
{{- if dig "pipeline" "url" "" $config -}}
{{- fail "config.pipeline.url: would be readable in a ConfigMap: put it into the Secret, under the key that secret.keys.pipelineUrl names" -}}
{{- end -}}
{{- range list "token" "viewerToken" -}}
{{- if dig "ops" . "" $config -}}
{{- fail (printf "config.ops.%s: would be readable in a ConfigMap: put it into the Secret, under the key that secret.keys names" .) -}}
{{- end -}}
{{- end -}}
{{- if $config.credentials -}}
{{- fail "config.credentials: would be readable in a ConfigMap: use credentials.from" -}}
{{- end -}}
{{- if $config.role -}}
{{- fail "config.role: is set by the chart: use roles" -}}
{{- end -}}
{{- if and (ne $backend "embedded") (not .Values.secret.keys.pipelineUrl) -}}
{{- fail (printf "secret.keys.pipelineUrl: is required with config.pipeline.backend %s" $backend) -}}
{{- end -}}
{{- if eq $backend "embedded" -}}
{{- if eq .Values.roles "split" -}}
{{- fail "roles: split needs config.pipeline.backend redis or postgres: the embedded store belongs to one process" -}}
{{- end -}}
{{- if and (eq .Values.roles "all") .Values.once.enabled -}}
{{- fail "once.enabled: needs roles: none with config.pipeline.backend embedded: the store belongs to one process" -}}
{{- end -}}
{{- if eq .Values.roles "all" -}}
{{- if not .Values.persistence.enabled -}}
{{- fail "persistence.enabled: must be true with config.pipeline.backend embedded, or use redis" -}}
{{- end -}}
{{- if or (ne (int .Values.all.replicas) 1) (ne (include "receiptd.autoscaling" (dict "root" . "component" "all") | fromJson).by "none") -}}
{{- fail "all.replicas: must be 1, without autoscaling, with config.pipeline.backend embedded: the store belongs to one process" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $grace := .Values.terminationGracePeriodSeconds -}}
{{- if and (not (kindIs "invalid" $grace)) (le (mul (int $grace) 1000) (int (dig "shutdown" "timeout" 25000 $config))) -}}
{{- fail (printf "terminationGracePeriodSeconds: must be above config.shutdown.timeout (%d ms), or the pod is killed before it has drained" (int (dig "shutdown" "timeout" 25000 $config))) -}}
{{- end -}}
{{- $rrsa := .Values.credentials.rrsa -}}
{{- if and (eq .Values.credentials.from "rrsa") (not $rrsa.roleName) (not (and $rrsa.roleArn $rrsa.oidcProviderArn)) -}}
{{- fail "credentials.rrsa: set roleName, or roleArn and oidcProviderArn" -}}
{{- end -}}
{{- if and (eq .Values.credentials.from "rrsa") $rrsa.roleName (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name: is required with credentials.rrsa.roleName when serviceAccount.create is false" -}}
{{- end -}}
{{- if and .Values.replay.enabled (not .Values.replay.claimName) (not .Values.persistence.enabled) -}}
{{- fail "replay.claimName: must name the claim with the capture files" -}}
{{- end -}}
{{- end -}}
