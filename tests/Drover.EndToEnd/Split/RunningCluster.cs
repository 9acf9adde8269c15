using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Ssh;

namespace Drover.EndToEnd.Split;

/// <summary>
/// A queue server, APIs and workers as processes of their own that share nothing but the network: each has a data folder of
/// its own. Everything goes over TLS with a pinned certificate, though all of it is on loopback.
/// </summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    public const string WorkerToken = "worker-token-of-the-test", ProducerToken = "producer-token-of-the-test", ProgramToken = "program-token-of-the-test", AdminToken = "admin-token-of-the-test";

    private readonly Dictionary<string, RunningProgram> _running = [];
    private readonly Dictionary<string, int> _apiPorts = [];
    private readonly string[] _lease;
    private readonly string _masterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public RunningCluster(string lease = "30s")
    {
        Directory.CreateDirectory(Folder);
        _lease = ["--worker-lease", lease, "--worker-heartbeat-interval", "500ms"];
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=queue", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(Folder, "tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(Folder, "tls.key"), key.ExportPkcs8PrivateKeyPem());
        Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
    }

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), "drover-split-" + Guid.NewGuid().ToString("N"));

    public string Fingerprint { get; }

    public int QueuePort { get; } = Sshd.FreePort();

    public string QueueUrl => UrlAt(QueuePort);

    /// <summary>The processes by name, as they were started last.</summary>
    public IReadOnlyDictionary<string, RunningProgram> Running => _running;

    /// <summary>One queue server, one API and a worker, ready for jobs.</summary>
    public static async Task<RunningCluster> StartAsync(string lease = "30s")
    {
        var cluster = new RunningCluster(lease);
        try
        {
            cluster.StartQueue();
            cluster.StartApi("api-1");
            cluster.StartWorker("w-1");
            await cluster.ReadyAsync("api-1", "w-1");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public string UrlAt(int port) => string.Create(CultureInfo.InvariantCulture, $"netqueue://127.0.0.1:{port}?fingerprint={Fingerprint}");

    public RunningProgram StartQueue() => Start("queue",
        ["serve", "queue", "--netqueue-addr", $"127.0.0.1:{QueuePort}", "--netqueue-tls-cert", Path.Combine(Folder, "tls.crt"), "--netqueue-tls-key", Path.Combine(Folder, "tls.key"), .. _lease],
        ("DROVER_ADMIN_TOKEN", AdminToken), ("DROVER_WORKER_TOKEN", WorkerToken), ("DROVER_PRODUCER_TOKEN", ProducerToken), ("DROVER_PROGRAM_TOKEN", ProgramToken), ("DROVER_MASTER_KEY", _masterKey));

    public RunningProgram StartApi(string name, string? queue = null, string token = AdminToken, string? masterKey = null)
    {
        if (!_apiPorts.TryGetValue(name, out int port))
            _apiPorts[name] = port = Sshd.FreePort();
        return Start(name, ["serve", "api", "--queue", queue ?? QueueUrl, "--server-addr", $"127.0.0.1:{port}"],
            ("DROVER_ADMIN_TOKEN", token), ("DROVER_MASTER_KEY", masterKey ?? _masterKey));
    }

    public RunningProgram StartWorker(string name, string? queue = null, string token = WorkerToken, params string[] options) => Start(name,
        ["serve", "worker", "--queue", queue ?? QueueUrl, "--worker-name", name, "--output-flush-interval", "20ms", "--worker-concurrency", "8", "--queue-name", "*", .. _lease, .. options],
        ("DROVER_WORKER_TOKEN", token));

    /// <summary>Calls the API of this name.</summary>
    public ClusterApi Api(string name = "api-1") => new(_apiPorts[name]);

    /// <summary>Waits until the API answers and knows these workers.</summary>
    public async Task ReadyAsync(string api, params string[] workers)
    {
        using var http = Api(api);
        await RunningDrover.WaitAsync(
            async () => await http.TryGetAsync("workers") is { } found && workers.All(worker => found["items"]!.AsArray().Any(item => item!["id"]!.GetValue<string>() == IdOf(worker))),
            () => $"The processes do not find each other.\n{Logs}");
    }

    /// <summary>A worker's id, which it makes of its host's name and its own.</summary>
    public static string IdOf(string worker) => $"{Environment.MachineName}-{worker}";

    /// <summary>Runs a verb against an API, as somebody elsewhere would.</summary>
    public async Task<Ended> CliAsync(string api, params string[] args)
    {
        var start = DroverProgram.Start(Folder, args);
        start.Environment["DROVER_URL"] = $"http://127.0.0.1:{_apiPorts[api]}";
        start.Environment["DROVER_TOKEN"] = AdminToken;
        await using var running = new RunningProgram(start);
        running.Process.StandardInput.Close();
        return await running.EndAsync();
    }

    /// <summary>What all of them have written to their logs.</summary>
    public string Logs => string.Join('\n', _running.Select(process => $"--- {process.Key}{(process.Value.Ended ? " (ended)" : "")}\n{process.Value.ErrorText}"));

    /// <summary>A client of the queue server's web pages.</summary>
    public HttpClient Pages(string token)
    {
        var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown!.GetCertHashString(HashAlgorithmName.SHA256) == Fingerprint })
        {
            BaseAddress = new Uri($"https://127.0.0.1:{QueuePort}/"),
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _running.Values)
            await program.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private RunningProgram Start(string name, string[] args, params (string Name, string Value)[] variables)
    {
        if (_running.TryGetValue(name, out var before))
            Assert.True(before.Ended, $"{name} runs already.");
        var start = DroverProgram.Start(Folder, [.. args, "--data", Path.Combine(Folder, name)]);
        foreach (var (variable, value) in variables)
            start.Environment[variable] = value;
        var program = new RunningProgram(start);
        program.Process.StandardInput.Close();
        return _running[name] = program;
    }
}
