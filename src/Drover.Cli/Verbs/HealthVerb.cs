using System.CommandLine;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text.Json;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Cli.Hosting;
using Drover.NetQueue;

namespace Drover.Cli.Verbs;

/// <summary>
/// <c>drover health</c>: whether the process that was started with the same settings works. For supervisors that ask by running a
/// program, where there is no curl.
/// </summary>
internal static class HealthVerb
{
    /// <summary>Below the patience of those who ask: Docker and Kubernetes are commonly told 5 to 10 seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static Command Make()
    {
        var options = SettingOptions.Make();
        var role = new Argument<string>("ROLE") { Arity = ArgumentArity.ZeroOrOne, Description = "api (also for `drover up`), queue or worker", DefaultValueFactory = _ => "api" };
        role.AcceptOnlyFromAmong("api", "queue", "worker");
        var command = Verb.Make("health", "tell by the exit code whether a role with the same settings works, for supervisors", "drover health\ndrover health worker", [.. options.Options, role])
            .Usage("drover health [api | queue | worker] [settings]");
        command.SetAction(async (parsed, cancel) =>
        {
            var config = options.Load(parsed);
            var (good, word, json) = parsed.GetRequiredValue(role) switch
            {
                "queue" => await OfQueueAsync(config, cancel),
                "worker" => await OfWorkerAsync(config, cancel),
                _ => await OfApiAsync(ClientTarget.Find(parsed.GetValue(Verb.Url), null, config), cancel),
            };
            Console.Out.WriteLine(parsed.GetValue(Verb.Json) ? json : word);
            return good ? 0 : ExitCodes.Other;
        });
        return command;
    }

    private static async Task<(bool Good, string Word, string Json)> OfApiAsync(ClientTarget target, CancellationToken cancel)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        return Status(await GetAsync(handler, new(target.Url, "/health/ready"), null, cancel));
    }

    /// <summary>Its health is told without a token and without TLS, so no certificate need be trusted.</summary>
    private static async Task<(bool Good, string Word, string Json)> OfQueueAsync(DroverConfig config, CancellationToken cancel)
    {
        if (config.Text(Settings.NetQueueAddr) == "off")
            throw new SettingException("NETQUEUE_ADDR is 'off': there is no queue server to ask.");
        var queue = QueueAccess.ClientOptions(config, NodeRoles.Queue);
        using var handler = new SocketsHttpHandler { UseProxy = false };
        return Status(await GetAsync(handler, PageOf("http", queue, "health"), null, cancel));
    }

    /// <summary>A worker listens nowhere: it works when its queue server knows it.</summary>
    private static async Task<(bool Good, string Word, string Json)> OfWorkerAsync(DroverConfig config, CancellationToken cancel)
    {
        var queue = QueueAccess.ClientOptions(config, NodeRoles.Worker);
        using var handler = new SocketsHttpHandler { UseProxy = false };
        if (queue.Fingerprint?.Replace(":", "", StringComparison.Ordinal) is { } pinned)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) => (errors & SslPolicyErrors.RemoteCertificateNotAvailable) == 0
                && certificate!.GetCertHashString(HashAlgorithmName.SHA256).Equals(pinned, StringComparison.OrdinalIgnoreCase);
        }

        var (ok, body) = await GetAsync(handler, PageOf(queue.UsesTls ? "https" : "http", queue, "workers"), queue.Token, cancel);
        using (body)
        {
            var workers = ok && body.RootElement.TryGetProperty("items", out var items) ? items.EnumerateArray().Where(worker => IsOurs(worker, config)).ToList() : [];
            return workers.Count > 0
                ? (true, $"ok: the queue server knows {string.Join(", ", workers.Select(worker => worker.GetProperty("id").GetString()))}", workers[0].GetRawText())
                : (false, ok ? $"The queue server knows no worker of {Environment.MachineName}{(config.OrNull(Settings.WorkerName) is { } name ? $" called {name}" : "")}." : Detail(body), body.RootElement.GetRawText());
        }
    }

    private static bool IsOurs(JsonElement worker, DroverConfig config) => config.OrNull(Settings.WorkerName) is { } name
        ? worker.GetProperty("id").GetString() == $"{Environment.MachineName}-{name}"
        : worker.GetProperty("host").GetString() == Environment.MachineName;

    private static (bool Good, string Word, string Json) Status((bool Ok, JsonDocument Body) answer)
    {
        using var body = answer.Body;
        return (answer.Ok, Detail(body), body.RootElement.GetRawText());
    }

    private static string Detail(JsonDocument body) =>
        body.RootElement.TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.String ? status.GetString()!
        : body.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? "" : body.RootElement.GetRawText();

    private static Uri PageOf(string scheme, NetQueueClientOptions queue, string page) =>
        new UriBuilder(scheme, queue.Host, queue.Port, page).Uri;

    private static async Task<(bool Ok, JsonDocument Body)> GetAsync(SocketsHttpHandler handler, Uri page, string? token, CancellationToken cancel)
    {
        using var http = new HttpClient(handler, disposeHandler: false) { Timeout = Patience };
        if (token is { Length: > 0 })
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var answer = await http.GetAsync(page, cancel);
            return (answer.IsSuccessStatusCode, JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancel)));
        }
        catch (Exception away) when (away is HttpRequestException or JsonException || (away is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            string why = away is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} seconds" : (away.InnerException?.Message ?? away.Message).TrimEnd('.');
            throw new UnreachableException($"{page.GetLeftPart(UriPartial.Authority)} gives no sign of health: {why}.", wasSent: true);
        }
    }
}
