using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Drover.EndToEnd.Program;

namespace Drover.EndToEnd.Split;

/// <summary>Calls one API process.</summary>
internal sealed class ClusterApi : IDisposable
{
    private static readonly HashSet<string> Final = ["completed", "failed", "canceled"];

    public ClusterApi(int port)
    {
        Http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/"), Timeout = TimeSpan.FromMinutes(1) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunningCluster.AdminToken);
    }

    public HttpClient Http { get; }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(path);
        return await ReadAsync(path, answer);
    }

    /// <summary>Null while it does not answer, or not with what was asked for.</summary>
    public async Task<JsonNode?> TryGetAsync(string path)
    {
        try
        {
            using var answer = await Http.GetAsync(path);
            return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync()) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public async Task<JsonNode> PostAsync(string path, JsonNode body)
    {
        using var answer = await Http.PostAsync(path, RunningDrover.Body(body));
        return await ReadAsync(path, answer);
    }

    /// <summary>Submits a shell text for the worker's own machine; answers the job's id.</summary>
    public async Task<string> SubmitAsync(string command, Action<JsonObject>? change = null)
    {
        var body = new JsonObject { ["command"] = command, ["server_id"] = "local" };
        change?.Invoke(body);
        return (await PostAsync("jobs", body))["id"]!.GetValue<string>();
    }

    public Task<string> StdoutAsync(string id) => Http.GetStringAsync($"jobs/{id}/stdout");

    public async Task<JsonNode> EndOfAsync(string id)
    {
        JsonNode? job = null;
        await RunningDrover.WaitAsync(async () => (job = await TryGetAsync("jobs/" + id)) is not null && Final.Contains(job["status"]!.GetValue<string>()), () => $"{id} does not end: {job}");
        return job!;
    }

    public Task PrintedAsync(string id, string text) =>
        RunningDrover.WaitAsync(async () => (await StdoutAsync(id)).Contains(text, StringComparison.Ordinal), () => string.Create(CultureInfo.InvariantCulture, $"{id} does not print {text}."));

    public void Dispose() => Http.Dispose();

    private static async Task<JsonNode> ReadAsync(string path, HttpResponseMessage answer)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }
}
