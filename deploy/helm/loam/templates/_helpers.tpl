{{- define "loam.name" -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name }}
{{- if contains .Chart.Name .Release.Name }}{{ $name = .Release.Name }}{{ end }}
{{- $name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "loam.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "loam.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "loam.selector" . }}
{{- end }}

{{- define "loam.project" -}}
{{- with .Values.project.schema }}
schema.graphql: {{ . | quote }}
{{- end }}
{{- with .Values.project.config }}
loam.yaml: {{ . | quote }}
{{- end }}
{{- end }}

{{/* What the pods of the servers and of the migration have in common. */}}
{{- define "loam.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "loam.container" -}}
name: loam
image: {{ printf "%s:%s" .Values.image.repository .Values.image.tag | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
envFrom:
  - secretRef: { name: {{ required "secret is the name of a Secret with LOAM_MASTER_KEY and LOAM_DATABASE_URL in it" .Values.secret | quote }} }
{{- if or .Values.nats.url .Values.database.replicas.secret }}
env:
  {{- with .Values.nats.url }}
  - { name: LOAM_NATS_URL, value: {{ . | quote }} }
  {{- end }}
  {{- with .Values.database.replicas }}
  {{- if .secret }}
  - { name: LOAM_DATABASE_REPLICAS, valueFrom: { secretKeyRef: { name: {{ .secret | quote }}, key: {{ .key | quote }} } } }
  {{- end }}
  {{- end }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: data, mountPath: /data }
  - { name: tmp, mountPath: /tmp }
  {{- if .Values.nats.files }}
  - { name: nats, mountPath: /nats, readOnly: true }
  {{- end }}
  {{- if include "loam.project" . }}
  - { name: project, mountPath: /project, readOnly: true }
  {{- end }}
{{- end }}
