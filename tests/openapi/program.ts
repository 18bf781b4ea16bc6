// A client of the tracker as its developers would write it. It is compiled, not
// run: that it compiles is the test. Each @ts-expect-error is a mistake that the
// types must catch.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/tracker.js";
import type { paths as KeyPaths } from "./generated/keys.js";

type Task = components["schemas"]["Task"];
type TaskFilter = components["schemas"]["TaskFilter"];

const api = createClient<paths>({ baseUrl: "http://127.0.0.1:8080" });

export async function signIn(email: string, password: string): Promise<string> {
  const { data, error } = await api.POST("/auth/sign-in", { body: { email, password } });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  if ("challenge" in data) return "a second proof is due: " + data.challenge.kinds.join(", ");
  api.use({ onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${data.accessToken}`) });
  return data.organization?.name ?? "no organization";
}

function page(projectId: string, cursor: string | null) {
  return api.GET("/api/tasks", {
    params: {
      query: {
        projectId,
        status: "DOING",
        "title.contains": "invoice",
        "createdAt.gte": "2026-01-01T00:00:00.000Z",
        sort: "-createdAt",
        limit: 30,
        include: "project,assignee",
        ...(cursor ? { cursor } : {}),
      },
    },
  });
}

export async function everyTask(projectId: string): Promise<Task[]> {
  const tasks: Task[] = [];
  let cursor: string | null = null;
  do {
    const { data, error } = await page(projectId, cursor);
    if (error) throw new Error(error.detail);
    tasks.push(...data.items);
    cursor = data.nextCursor;
  } while (cursor);
  return tasks;
}

export async function openOrUnassigned() {
  const filter: TaskFilter = { or: [{ assigneeId: { isNull: true } }, { status: { in: ["TODO", "DOING"] } }], project: { archived: { eq: false } } };
  const { data } = await api.GET("/api/tasks", { params: { query: { filter: JSON.stringify(filter), count: true } } });
  return data?.total ?? 0;
}

export async function create(title: string, projectId: string): Promise<Task | undefined> {
  const { data, error, response } = await api.POST("/api/tasks", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { title, projectId, assigneeId: null },
  });
  if (error && response.status === 409) console.warn(error.code, error.field);
  return data;
}

export async function finish(task: Task): Promise<"done" | "changed meanwhile" | "failed"> {
  const { data, error } = await api.PATCH("/api/tasks/{id}", {
    params: { path: { id: task.id }, header: { "If-Match": `"${task.version}"` } },
    body: { status: "DONE" },
  });
  if (data) return "done";
  return error.code === "data/version" ? "changed meanwhile" : "failed";
}

export async function byStatus() {
  const { data } = await api.GET("/api/tasks:aggregate", { params: { query: { groupBy: "status" } } });
  return (data?.items ?? []).map((item) => `${item.group.status}: ${item.count}`);
}

export async function upsertTag(label: string) {
  const { data } = await api.PUT("/api/tags", { body: { label } });
  return data?.id;
}

export async function remove(id: string) {
  await api.DELETE("/api/tasks/{id}", { params: { path: { id } } });
  await api.POST("/api/batch", { body: { operations: [{ method: "DELETE", path: `/api/tasks/${id}`, ifMatch: "3" }] } });
}

export async function line(orderId: string) {
  const keys = createClient<KeyPaths>({ baseUrl: "http://127.0.0.1:8080" });
  const { data } = await keys.GET("/api/orderLines/{orderId},{day},{number}", { params: { path: { orderId, day: "2026-01-31", number: 1 } } });
  return data?.product?.name;
}

export async function mistakes(task: Task) {
  // @ts-expect-error: a title is required
  await api.POST("/api/tasks", { body: { projectId: "p" } });
  // @ts-expect-error: no such field
  const misspelt: components["schemas"]["TaskCreate"] = { title: "t", projectId: "p", titel: "t" };
  // @ts-expect-error: set by the server
  const versioned: components["schemas"]["TaskUpdate"] = { version: 1 };
  // @ts-expect-error: a title can't be null
  await api.PATCH("/api/tasks/{id}", { params: { path: { id: "t" } }, body: { title: null } });
  // @ts-expect-error: no such status
  await api.GET("/api/tasks", { params: { query: { status: "DOEN" } } });
  // @ts-expect-error: no such parameter
  await api.GET("/api/tasks", { params: { query: { projekt: "p" } } });
  // @ts-expect-error: users are read-only
  await api.POST("/api/users", { body: {} });
  // @ts-expect-error: may be null
  return [task.body.length, misspelt, versioned];
}
