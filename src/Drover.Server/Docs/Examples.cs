using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Drover.Server.Docs;

/// <summary>Bodies to start from, shown in the reference and filled in where a call is tried. A test sends each of them.</summary>
internal static class Examples
{
    public static IReadOnlyDictionary<string, IReadOnlyList<(string Name, string Json)>> All { get; } = new Dictionary<string, IReadOnlyList<(string, string)>>
    {
        ["submitJob"] =
        [
            ("A command", """{"command": "ls", "args": "-la /tmp", "server_id": "local", "timeout": 300, "priority": 5}"""),
            ("Arguments that reach the program unchanged", """{"command": "printf", "args": ["%s\\n", "two words", "$HOME"], "env": {"LANG": "C"}, "working_dir": "/tmp"}"""),
            ("A chain", """{"command": "echo", "args": ["fetch"], "then": [{"command": "echo", "args": ["convert"]}, {"command": "echo", "args": ["publish"]}]}"""),
            ("A task", """{"job_type": "send_email", "payload": {"to": "a@example.com"}, "queue": "email", "max_attempts": 3, "backoff": {"kind": "exponential", "delay": 5, "max": 3600, "jitter": 0.1}}"""),
        ],
        ["submitBatch"] =
        [
            ("Jobs with one that follows them all", """{"jobs": [{"command": "echo", "args": ["one"]}, {"command": "echo", "args": ["two"]}], "completion": {"command": "echo", "args": ["all done"]}}"""),
        ],
        ["setLimit"] = [("Five at once, a hundred a minute", """{"max_running": 5, "rate": {"count": 100, "per": 60}}""")],
        ["submitScript"] = [("A script", """{"script": "#!/bin/bash\necho hi \"$1\"", "args": ["you"], "server_id": "local", "timeout": 600}""")],
        ["submitJobs"] =
        [
            ("Several jobs", """{"jobs": [{"command": "uptime"}, {"script": "df -h /", "priority": 2}]}"""),
            ("One job on several servers", """{"command": "uptime", "server_ids": ["local"]}"""),
        ],
        ["actOnJobs"] =
        [
            ("Retry what failed in a queue", """{"action": "retry", "filter": {"status": ["failed"], "queue": "email"}, "dry_run": true}"""),
            ("Cancel by ids", """{"action": "cancel", "ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]}"""),
        ],
        ["updateJob"] = [("Sooner", """{"priority": 1}""")],
        ["duplicateJob"] = [("With more time", """{"timeout": 900}""")],
        ["addServer"] =
        [
            ("With a password", """{"name": "web-1", "hostname": "10.0.0.11", "user": "deploy", "auth_type": "password", "password": "secret", "tags": ["web"]}"""),
        ],
        ["addSchedule"] =
        [
            ("A command each night", """{"name": "nightly backup", "cron": "30 2 * * *", "timezone": "Europe/Berlin", "job": {"command": "/usr/local/bin/backup", "server_id": "local", "timeout": 3600}}"""),
            ("A task every ten seconds", """{"name": "poll", "cron": "*/10 * * * * *", "overlap": "skip", "job": {"job_type": "poll_orders", "queue": "orders"}}"""),
        ],
        ["previewSchedule"] = [("Weekdays at half past nine", """{"cron": "30 9 * * MON-FRI", "timezone": "Europe/Berlin"}""")],
        ["checkServers"] = [("Some", """{"server_ids": ["local"]}""")],
        ["trustHostKey"] = [("As it was shown", """{"fingerprint": "SHA256:uNiVztksCsDhcc0u9e8BrIJq1X1gCDpfZK9UOoXMyAI"}""")],
        ["openSession"] = [("With a token", """{"token": "drover_…"}""")],
    };

    public static void Add(OpenApiOperation operation)
    {
        if (operation.OperationId is null || !All.TryGetValue(operation.OperationId, out var examples)
            || operation.RequestBody?.Content is not { } content || !content.TryGetValue("application/json", out var json))
            return;
        if (json is OpenApiMediaType media)
            media.Examples = examples.ToDictionary(e => e.Name, e => (IOpenApiExample)new OpenApiExample { Value = JsonNode.Parse(e.Json) });
    }
}
