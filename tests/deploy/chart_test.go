package deploy

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/client-go/openapi/openapitest"
	"sigs.k8s.io/yaml"
)

type object = map[string]any

var (
	least = object{"secret": "loam"}
	most  = object{
		"secret":           "loam",
		"database":         object{"replicas": object{"secret": "standbys", "key": "urls"}},
		"nats":             object{"url": "nats://nats.nats.svc:4222,nats://other:4222", "files": "nats"},
		"imagePullSecrets": []any{object{"name": "registry"}},
		"project":          object{"schema": "type Note @model {\n  text: String # \"quoted\": {{ braces }}\n}\n", "config": "name: Desk\nurl: https://api.example.com\n"},
		"migrate":          object{"allow": []any{"drop:Task.body", "drop:Gone"}},
		"ingress":          object{"enabled": true, "className": "nginx", "host": "api.example.com", "tlsSecret": "api", "annotations": object{"a": "b"}},
		"podAnnotations":   object{"a": "b"},
		"nodeSelector":     object{"disk": "fast"},
		"tolerations":      []any{object{"key": "only", "operator": "Exists"}},
		"affinity":         object{"nodeAffinity": object{}},
	}
	fixed = object{"secret": "loam", "replicas": 3, "autoscaling": object{"enabled": false}, "migrate": object{"enabled": false}}
)

// TestChart: helm lint has nothing to say about the chart, and what it makes of any values is what Kubernetes takes.
func TestChart(t *testing.T) {
	schemas := kubernetes(t)
	for _, test := range []struct {
		name   string
		values object
		want   string
	}{
		{"least", least, "Deployment loam; HorizontalPodAutoscaler loam; Job loam-migrate; PodDisruptionBudget loam; Service loam"},
		{"most", most, "ConfigMap loam; ConfigMap loam-migrate; Deployment loam; HorizontalPodAutoscaler loam; Ingress loam; Job loam-migrate; PodDisruptionBudget loam; Service loam"},
		{"fixed", fixed, "Deployment loam; PodDisruptionBudget loam; Service loam"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, m := range lint.AllWithKubeVersion(filepath.Join(files, "helm/loam"), test.values, "apps", &chartutil.KubeVersion{Version: "v1.25.0", Major: "1", Minor: "25"}).Messages {
				if m.Severity > support.InfoSev {
					t.Error(m)
				}
			}
			objects, err := render(t, "loam", test.values)
			if err != nil {
				t.Fatal(err)
			}
			var made []string
			for _, o := range objects {
				name := fmt.Sprintf("%s %s", o["kind"], o["metadata"].(object)["name"])
				made = append(made, name)
				if err := schemas.check(o); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			slices.Sort(made)
			if got := strings.Join(made, "; "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestChartRefuses values that would come to nothing good.
func TestChartRefuses(t *testing.T) {
	for _, test := range []struct {
		values object
		says   string
	}{
		{object{}, "LOAM_MASTER_KEY"},
		{object{"secret": "loam", "autoscalling": object{"max": 3}}, "autoscalling"},
		{object{"secret": "loam", "replicas": -1}, "replicas"},
		{object{"secret": "loam", "database": object{"replicas": "postgres://loam:password@db2/loam"}}, "replicas"},
		{object{"secret": "loam", "nats": object{"url": "nats://loam:password@nats:4222"}}, "nats"},
		{object{"secret": "loam", "ingress": object{"enabled": true}}, "ingress.host"},
	} {
		if _, err := render(t, "loam", test.values); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: %v", test.values, err)
		}
	}
}

// TestChartProject: the servers and the migration before them read the same project, and pods start anew for another one.
func TestChartProject(t *testing.T) {
	checksum := func(values object) any {
		objects, err := render(t, "desk", values)
		if err != nil {
			t.Fatal(err)
		}
		deployment := find(objects, "Deployment", "desk-loam")
		served, migrated := find(objects, "ConfigMap", "desk-loam"), find(objects, "ConfigMap", "desk-loam-migrate")
		if got, want := fmt.Sprint(served["data"]), fmt.Sprint(migrated["data"]); got != want || served == nil && values["project"] != nil {
			t.Errorf("served is %s, and migrated to %s", got, want)
		}
		if p, ok := values["project"].(object); ok && served["data"].(object)["schema.graphql"] != p["schema"] {
			t.Errorf("%q", served["data"])
		}
		return deployment["spec"].(object)["template"].(object)["metadata"].(object)["annotations"].(object)["checksum/project"]
	}
	other := object{"secret": "loam", "project": object{"schema": "type A @model { a: Int }"}}
	if a, b := checksum(most), checksum(other); a == b || a == nil {
		t.Error(a, b)
	}
}

// TestChartBeside: the servers are told where NATS is and have what opens it, and where the standbys of the database are.
func TestChartBeside(t *testing.T) {
	for _, test := range []struct {
		values object
		env    []core.EnvVar
		file   string
	}{
		{least, nil, ""},
		{object{"secret": "loam", "database": object{"replicas": object{"secret": "standbys"}}}, []core.EnvVar{standbys("LOAM_DATABASE_REPLICAS")}, ""},
		{most, []core.EnvVar{{Name: "LOAM_NATS_URL", Value: "nats://nats.nats.svc:4222,nats://other:4222"}, standbys("urls")}, "nats"},
	} {
		objects, err := render(t, "loam", test.values)
		if err != nil {
			t.Fatal(err)
		}
		var d apps.Deployment
		text, err := yaml.Marshal(find(objects, "Deployment", "loam"))
		if err == nil {
			err = yaml.UnmarshalStrict(text, &d)
		}
		if err != nil {
			t.Fatal(err)
		}
		pod := d.Spec.Template.Spec
		if got := pod.Containers[0].Env; !reflect.DeepEqual(got, test.env) {
			t.Errorf("%+v", got)
		}
		at, from := "", ""
		for _, m := range pod.Containers[0].VolumeMounts {
			if m.Name == "nats" && m.ReadOnly {
				at = m.MountPath
			}
		}
		for _, v := range pod.Volumes {
			if v.Name == "nats" {
				from = v.Secret.SecretName
			}
		}
		if from != test.file || (at == "/nats") != (test.file != "") {
			t.Errorf("%q at %q", from, at)
		}
	}
}

// standbys are the URLs that a Secret has under a key.
func standbys(key string) core.EnvVar {
	return core.EnvVar{Name: "LOAM_DATABASE_REPLICAS", ValueFrom: &core.EnvVarSource{SecretKeyRef: &core.SecretKeySelector{LocalObjectReference: core.LocalObjectReference{Name: "standbys"}, Key: key}}}
}

func find(objects []object, kind, name string) object {
	i := slices.IndexFunc(objects, func(o object) bool { return o["kind"] == kind && o["metadata"].(object)["name"] == name })
	if i < 0 {
		return nil
	}
	return objects[i]
}

// render is what `helm template` prints.
func render(t *testing.T, release string, values object) ([]object, error) {
	t.Helper()
	chart, err := loader.Load(filepath.Join(files, "helm/loam"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: release, Namespace: "apps", Revision: 1, IsInstall: true}, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	rendered, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	var objects []object
	for name, text := range rendered {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for _, document := range strings.Split(text, "\n---\n") {
			var o object
			if err := yaml.UnmarshalStrict([]byte(document), &o); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			if o != nil {
				objects = append(objects, o)
			}
		}
	}
	return objects, nil
}

// kinds are Kubernetes' own schemas, by version and kind.
type kinds map[string]*jsonschema.Schema

// check holds an object against its Go type of today, which knows all fields, and where there is one against its schema,
// which is older and knows what is required.
func (k kinds) check(o object) error {
	is := fmt.Sprint(o["apiVersion"], " ", o["kind"])
	as := map[string]any{
		"v1 ConfigMap":                           &core.ConfigMap{},
		"v1 Service":                             &core.Service{},
		"apps/v1 Deployment":                     &apps.Deployment{},
		"autoscaling/v2 HorizontalPodAutoscaler": &autoscaling.HorizontalPodAutoscaler{},
		"batch/v1 Job":                           &batch.Job{},
		"networking.k8s.io/v1 Ingress":           &networking.Ingress{},
		"policy/v1 PodDisruptionBudget":          &policy.PodDisruptionBudget{},
	}[is]
	if as == nil {
		return fmt.Errorf("Kubernetes is not known to have a %s", is)
	}
	text, err := yaml.Marshal(o)
	if err == nil {
		err = yaml.UnmarshalStrict(text, as)
	}
	if s := k[is]; s != nil && err == nil {
		return s.Validate(o)
	}
	return err
}

// kubernetes reads the schemas that client-go comes with.
func kubernetes(t *testing.T) kinds {
	t.Helper()
	paths, err := openapitest.NewEmbeddedFileClient().Paths()
	if err != nil {
		t.Fatal(err)
	}
	known := kinds{}
	for _, group := range []string{"api/v1", "apis/apps/v1", "apis/batch/v1"} {
		text, err := paths[group].Schema("application/json")
		if err != nil {
			t.Fatal(err)
		}
		var document object
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		all := document["components"].(object)["schemas"].(object)
		if err := c.AddResource("k8s:"+group, document); err != nil {
			t.Fatal(err)
		}
		for name, s := range all {
			are, _ := s.(object)["x-kubernetes-group-version-kind"].([]any)
			for _, is := range are {
				is := is.(object)
				version := strings.TrimPrefix(fmt.Sprint(is["group"], "/", is["version"]), "/")
				if !strings.HasSuffix(group, "/"+version) && group != "api/"+version {
					continue
				}
				if known[fmt.Sprint(version, " ", is["kind"])], err = c.Compile("k8s:" + group + "#/components/schemas/" + name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return known
}
