using System.Net;
using Drover.Tests.Support;

namespace Drover.Tests.Server;

/// <summary>One call of an operation that is right, and what it is to answer.</summary>
/// <param name="Path">Below <c>/api/v1/</c>, or from the root.</param>
/// <param name="Body">The body; null for none.</param>
/// <param name="Status">The status of the answer.</param>
internal sealed record ApiRow(string Path, string? Body = null, HttpStatusCode Status = HttpStatusCode.OK)
{
    public string FullPath => Path.StartsWith('/') ? Path : "/api/v1/" + Path;
}

/// <summary>A right call of every operation, by its id. A new operation wants a row here.</summary>
internal sealed class ApiRows
{
    private readonly Dictionary<string, ApiRow> _rows;

    private ApiRows(Dictionary<string, ApiRow> rows) => _rows = rows;

    public ApiRow this[string operation] =>
        _rows.TryGetValue(operation, out var row) ? row : throw new KeyNotFoundException($"The operation {operation} has no row in {nameof(ApiRows)}.");

    public IEnumerable<string> Operations => _rows.Keys;

    /// <summary>The rows for a host with a worker: jobs in every state, a server and a key are made for them.</summary>
    public static async Task<ApiRows> MakeAsync(TestHost host)
    {
        string failed = await JobAsync(host, """{"command": "exit 1"}""", "failed");
        string retried = await JobAsync(host, """{"command": "exit 1"}""", "failed");
        string canceled = await CanceledAsync(host);
        string deleted = await CanceledAsync(host);
        string waiting = await JobAsync(host, Later, "scheduled");
        string toCancel = await JobAsync(host, Later, "scheduled");
        string batch = (await host.Client.Post("batches", $$$"""{"jobs": [{{{Later}}}], "completion": {"command": "true"}}""")).Is(201).String("id");
        foreach (string key in (string[])["key:row", "key:gone"])
            (await host.Client.Send("PUT", "limits/" + key, """{"max_running": 1}""")).Is(200);
        await AddServerAsync(host, "row-1");
        await AddServerAsync(host, "row-2");
        await UploadAsync(host, "row-key");
        foreach (string name in (string[])["row-schedule", "row-gone"])
            (await host.Client.Post("schedules", $$$"""{"name": "{{{name}}}", "cron": "0 0 1 1 *", "job": {"command": "true"}}""")).Is(201);
        return new(new()
        {
            ["getHealth"] = new("/health"),
            ["getReadiness"] = new("/health/ready"),
            ["getLiveness"] = new("/health/live"),
            ["getMetrics"] = new("/metrics"),
            ["submitJob"] = new("jobs", """{"command": "true"}""", HttpStatusCode.Created),
            ["submitScript"] = new("jobs/script", """{"script": "exit 0"}""", HttpStatusCode.Created),
            ["submitJobs"] = new("jobs/bulk", """{"jobs": [{"command": "true"}]}""", HttpStatusCode.Created),
            ["submitBatch"] = new("batches", """{"jobs": [{"command": "true"}], "completion": {"command": "true"}, "on": "always"}""", HttpStatusCode.Created),
            ["getBatch"] = new($"batches/{batch}"),
            ["cancelBatch"] = new($"batches/{batch}/cancel"),
            ["actOnJobs"] = new("jobs/actions", $$"""{"action": "cancel", "ids": ["{{toCancel}}"], "dry_run": true}"""),
            ["listJobs"] = new("jobs?status=failed&limit=2&sort=-created_at"),
            ["countJobs"] = new("jobs/counts?queue=default"),
            ["getJob"] = new($"jobs/{failed}"),
            ["updateJob"] = new($"jobs/{waiting}", """{"priority": 2}"""),
            ["cancelJob"] = new($"jobs/{toCancel}/cancel"),
            ["rerunJob"] = new($"jobs/{canceled}/rerun", null, HttpStatusCode.Created),
            ["duplicateJob"] = new($"jobs/{canceled}/duplicate", """{"timeout": 900}""", HttpStatusCode.Created),
            ["retryJob"] = new($"jobs/{retried}/retry"),
            ["deleteJob"] = new($"jobs/{deleted}", null, HttpStatusCode.NoContent),
            ["readLog"] = new($"jobs/{failed}/logs"),
            ["downloadStdout"] = new($"jobs/{failed}/stdout"),
            ["downloadStderr"] = new($"jobs/{failed}/stderr"),
            ["addServer"] = new("servers", """{"name": "row-3", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "password", "password": "p"}""", HttpStatusCode.Created),
            ["listServers"] = new("servers?tag=web&limit=5"),
            ["getServer"] = new("servers/row-1"),
            ["changeServer"] = new("servers/row-1", """{"name": "row-1", "hostname": "127.0.0.1", "port": 1, "user": "v", "auth_type": "password"}"""),
            ["removeServer"] = new("servers/row-2", null, HttpStatusCode.NoContent),
            ["testServer"] = new("servers/local/test"),
            ["checkServer"] = new("servers/local/status"),
            ["checkServers"] = new("servers/bulk/status", """{"server_ids": ["local"]}"""),
            // Trusting a key that the server does not show is refused; the right call is tested against a real sshd.
            ["trustHostKey"] = new("servers/row-1/host-key", """{"fingerprint": "SHA256:uNiVztksCsDhcc0u9e8BrIJq1X1gCDpfZK9UOoXMyAI"}""", HttpStatusCode.Conflict),
            ["uploadKey"] = new("upload/pem", null, HttpStatusCode.Created),
            ["listKeys"] = new("files/pem"),
            ["deleteKey"] = new("files/pem/row-key", null, HttpStatusCode.NoContent),
            ["rotateSecrets"] = new("system/secrets/rotate"),
            ["readEvents"] = new("events?topic=jobs"),
            // Without the upgrade there is nothing to talk over; the socket itself has tests of its own.
            ["openWebSocket"] = new("ws", null, HttpStatusCode.UpgradeRequired),
            ["addSchedule"] = new("schedules", """{"name": "row-2", "cron": "@daily", "job": {"command": "true"}}""", HttpStatusCode.Created),
            ["listSchedules"] = new("schedules?q=row&limit=5"),
            ["previewSchedule"] = new("schedules/preview", """{"cron": "30 9 * * MON-FRI", "timezone": "Europe/Berlin"}"""),
            ["getSchedule"] = new("schedules/row-schedule"),
            ["changeSchedule"] = new("schedules/row-schedule", """{"name": "row-schedule", "cron": "@hourly", "job": {"job_type": "t"}, "jitter": 5}"""),
            ["removeSchedule"] = new("schedules/row-gone", null, HttpStatusCode.NoContent),
            ["getScheduleTimes"] = new("schedules/row-schedule/next"),
            ["runSchedule"] = new("schedules/row-schedule/run", null, HttpStatusCode.Created),
            ["pauseSchedule"] = new("schedules/row-schedule/pause"),
            ["resumeSchedule"] = new("schedules/row-schedule/resume"),
            ["listQueues"] = new("queues"),
            ["getQueue"] = new("queues/default"),
            ["getQueueStats"] = new("queues/default/stats"),
            ["pauseQueue"] = new("queues/other/pause"),
            ["resumeQueue"] = new("queues/other/resume"),
            ["setLimit"] = new("limits/queue:row", """{"max_running": 3}"""),
            ["listLimits"] = new("limits"),
            ["getLimit"] = new("limits/key:row"),
            ["liftLimit"] = new("limits/key:gone", null, HttpStatusCode.NoContent),
            ["listWorkers"] = new("workers"),
            ["getWorkerStats"] = new("workers/stats"),
            ["drainWorker"] = new("workers/test-host/drain", null, HttpStatusCode.Accepted),
            ["getSystemConfiguration"] = new("system/config"),
            ["getSystemInfo"] = new("system/info"),
            ["getSystemStatistics"] = new("system/enhanced?window=3600&interval=60"),
            ["openSession"] = new("session", $$"""{"token": "{{host.Token}}"}"""),
            ["getSession"] = new("session"),
            ["closeSession"] = new("session", null, HttpStatusCode.NoContent),
        });
    }

    /// <summary>Uploads a new private key.</summary>
    public static async Task<Answer> UploadAsync(TestHost host, string name) => (await TryUploadAsync(host, name)).Is(201);

    /// <summary>Uploads a new private key; the name may be taken.</summary>
    public static async Task<Answer> TryUploadAsync(TestHost host, string name)
    {
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        using var form = new MultipartFormDataContent
        {
            { new StringContent(name), "filename" },
            { new ByteArrayContent(System.Text.Encoding.ASCII.GetBytes(rsa.ExportRSAPrivateKeyPem())), "file", "id.pem" },
        };
        using var response = await host.Client.PostAsync(new Uri("/api/v1/upload/pem", UriKind.Relative), form);
        return new Answer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(), response.Content.Headers.ContentType?.MediaType,
            new Dictionary<string, string>());
    }

    private const string Later = """{"command": "true", "delay": 3600}""";

    private static async Task<string> JobAsync(TestHost host, string body, string status)
    {
        string id = (await host.Client.Post("jobs", body)).Is(201).String("id");
        await Eventually.BecomesAsync($"the job is {status}", async () => (await host.Client.Get($"jobs/{id}")).String("status") == status);
        return id;
    }

    private static async Task<string> CanceledAsync(TestHost host)
    {
        string id = await JobAsync(host, Later, "scheduled");
        (await host.Client.Post($"jobs/{id}/cancel")).Is(200);
        return id;
    }

    private static async Task AddServerAsync(TestHost host, string name) => (await host.Client.Post("servers",
        $$"""{"name": "{{name}}", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "password", "password": "hunter2-{{name}}"}""")).Is(201);
}
