{{/* What things are called, and the labels they carry. */}}

{{- define "receiptd.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "receiptd.serviceAccount" -}}
{{- if .Values.serviceAccount.name -}}
{{- .Values.serviceAccount.name -}}
{{- else -}}
{{- ternary (include "receiptd.fullname" .) "default" .Values.serviceAccount.create -}}
{{- end -}}
{{- end -}}

{{- define "receiptd.secret" -}}
{{- .Values.secret.name | default (include "receiptd.fullname" .) -}}
{{- end -}}

{{/* The key of the token that readers use: Prometheus and KEDA change nothing, so the read-only one if there is one. */}}
{{- define "receiptd.readerKey" -}}
{{- .Values.secret.keys.opsViewerToken | default .Values.secret.keys.opsToken -}}
{{- end -}}

{{- define "receiptd.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* What selectors go by: never changes. Takes a dict of root and component; all components without one. */}}
{{- define "receiptd.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "receiptd.labels" -}}
{{ include "receiptd.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* The daemons there are: a JSON list of components, which are also their values' names. */}}
{{- define "receiptd.components" -}}
{{- get (dict "all" (list "all") "split" (list "poll" "deliver") "none" list) .Values.roles | toJson -}}
{{- end -}}

{{/* Name of a component's objects. Takes a dict of root and component. */}}
{{- define "receiptd.componentName" -}}
{{- $name := include "receiptd.fullname" .root -}}
{{- eq .component "all" | ternary $name (printf "%s-%s" $name .component) -}}
{{- end -}}

{{/* How a component scales, as JSON: its own settings over the common ones. Takes a dict of root and component. */}}
{{- define "receiptd.autoscaling" -}}
{{- mergeOverwrite (deepCopy .root.Values.autoscaling) (get .root.Values .component).autoscaling | toJson -}}
{{- end -}}
