{{/*
The pod that all workloads are made of. Takes a dict of root, component, args and, where they apply, command, role, probes,
restartPolicy, resources, volumes, volumeMounts and data (the volume at /var/lib/receiptd).
*/}}
{{- define "receiptd.pod" -}}
{{- $values := .root.Values -}}
{{- /* A replay asks nothing of the cloud. */ -}}
{{- $rrsa := and (eq $values.credentials.from "rrsa") (ne .component "replay") $values.credentials.rrsa -}}
{{- $projected := and $rrsa (not $rrsa.roleName) -}}
metadata:
  annotations:
    checksum/config: {{ $values.config | toJson | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- /* None that a new chart changes: its pods would be replaced for nothing. */}}
  labels:
    {{- include "receiptd.selector" . | nindent 4 }}
    {{- if and $rrsa $rrsa.roleName }}
    pod-identity.alibabacloud.com/injection: 'on'
    {{- end }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "receiptd.serviceAccount" .root }}
  # It asks nothing of Kubernetes.
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ include "receiptd.grace" .root }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  containers:
    - name: receiptd
      image: {{ include "receiptd.image" .root }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      {{- with .command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      args:
        {{- toYaml .args | nindent 8 }}
      env:
        {{- include "receiptd.env" . | nindent 8 }}
      {{- if .probes }}
      ports:
        - name: ops
          containerPort: {{ include "receiptd.opsPort" .root }}
      {{- range $kind, $probe := $values.probes }}
      {{ $kind }}Probe:
        httpGet: { path: {{ $probe.path }}, port: ops }
        {{- toYaml (omit $probe "path") | nindent 8 }}
      {{- end }}
      {{- end }}
      resources:
        {{- toYaml (.resources | default $values.resources) | nindent 8 }}
      securityContext:
        {{- toYaml $values.securityContext | nindent 8 }}
      volumeMounts:
        - { name: config, mountPath: /etc/receiptd, readOnly: true }
        - { name: secret, mountPath: /run/secrets/receiptd, readOnly: true }
        - { name: data, mountPath: /var/lib/receiptd }
        - { name: tmp, mountPath: /tmp }
        {{- if $projected }}
        - { name: rrsa, mountPath: /run/secrets/rrsa, readOnly: true }
        {{- end }}
        {{- with concat (.volumeMounts | default list) $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap: { name: {{ include "receiptd.fullname" .root }} }
    - name: secret
      secret:
        secretName: {{ include "receiptd.secret" .root }}
        # 0440: for the group of fsGroup
        defaultMode: 288
        items:
          {{- range (include "receiptd.secretFiles" .root | fromJson) | values | uniq | sortAlpha }}
          - { key: {{ . }}, path: {{ . }} }
          {{- end }}
    - name: data
      {{- toYaml .data | nindent 6 }}
    - name: tmp
      emptyDir: {}
    {{- if $projected }}
    - name: rrsa
      projected:
        defaultMode: 288
        sources:
          - serviceAccountToken: { audience: sts.aliyuncs.com, expirationSeconds: 3600, path: token }
    {{- end }}
    {{- with concat (.volumes | default list) $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml $values.topologySpreadConstraints | nindent 4 }}
  {{- else if .probes }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "receiptd.selector" . | nindent 10 }}
  {{- end }}
{{- end -}}

{{/* Secrets come as files, so that neither `kubectl describe` nor a child process shows them. */}}
{{- define "receiptd.env" -}}
{{- $values := .root.Values -}}
- { name: RECEIPTD_CONFIG, value: /etc/receiptd/receiptd.yaml }
{{- with .role }}
- { name: RECEIPTD_ROLE, value: {{ . }} }
{{- end }}
{{- range $name, $key := include "receiptd.secretFiles" .root | fromJson }}
- { name: {{ $name }}_FILE, value: /run/secrets/receiptd/{{ $key }} }
{{- end }}
{{- if eq .component "replay" }}
{{- else if eq $values.credentials.from "secret" }}
- name: ALIBABA_CLOUD_ACCESS_KEY_ID
  valueFrom: { secretKeyRef: { name: {{ include "receiptd.secret" .root }}, key: {{ $values.secret.keys.accessKeyId }} } }
- name: ALIBABA_CLOUD_ACCESS_KEY_SECRET
  valueFrom: { secretKeyRef: { name: {{ include "receiptd.secret" .root }}, key: {{ $values.secret.keys.accessKeySecret }} } }
{{- else if and (eq $values.credentials.from "rrsa") (not $values.credentials.rrsa.roleName) }}
- { name: ALIBABA_CLOUD_ROLE_ARN, value: {{ $values.credentials.rrsa.roleArn | quote }} }
- { name: ALIBABA_CLOUD_OIDC_PROVIDER_ARN, value: {{ $values.credentials.rrsa.oidcProviderArn | quote }} }
- { name: ALIBABA_CLOUD_OIDC_TOKEN_FILE, value: /run/secrets/rrsa/token }
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What is read from files of the Secret, as JSON: name of the variable → key of the Secret. */}}
{{- define "receiptd.secretFiles" -}}
{{- $keys := .Values.secret.keys -}}
{{- $files := dict "RECEIPTD_OPS_TOKEN" $keys.opsToken -}}
{{- if ne (dig "pipeline" "backend" "embedded" .Values.config) "embedded" -}}
{{- $files = set $files "RECEIPTD_PIPELINE_URL" $keys.pipelineUrl -}}
{{- end -}}
{{- with $keys.opsViewerToken -}}
{{- $files = set $files "RECEIPTD_OPS_VIEWER_TOKEN" . -}}
{{- end -}}
{{- merge $files .Values.secret.files | toJson -}}
{{- end -}}

{{/* Seconds: what a drained stop may take, and room for the pod to end. */}}
{{- define "receiptd.grace" -}}
{{- $timeout := dig "shutdown" "timeout" 25000 .Values.config | int -}}
{{- kindIs "invalid" .Values.terminationGracePeriodSeconds | ternary (add (div (add $timeout 999) 1000) 10) .Values.terminationGracePeriodSeconds -}}
{{- end -}}

{{- define "receiptd.opsPort" -}}
{{- dig "ops" "port" 8090 .Values.config -}}
{{- end -}}

{{/* The volume at /var/lib/receiptd. */}}
{{- define "receiptd.data" -}}
{{- if .Values.persistence.enabled -}}
persistentVolumeClaim: { claimName: {{ .Values.persistence.existingClaim | default (include "receiptd.fullname" .) }} }
{{- else -}}
emptyDir: {}
{{- end -}}
{{- end -}}
