using Drover.Storage;
using Drover.Workers;

namespace Drover.Brokers;

/// <summary>The workers that serve the same queues and can run the same jobs: any of them is as good as another. Guarded by <see cref="LeaseWaiters"/>.</summary>
internal sealed class WorkerClass
{
    private const int MaxKnownNeeds = 1000;
    private readonly WorkerCapabilities _can;
    private readonly HashSet<string> _queues;
    private readonly Dictionary<string, bool> _runs = new(StringComparer.Ordinal);

    public WorkerClass(string key, WorkerDescription worker)
    {
        Key = key;
        _can = worker.Capabilities;
        _queues = worker.Queues.Select(q => q.Name).ToHashSet(StringComparer.Ordinal);
        ServesAll = _queues.Contains("*");
    }

    public string Key { get; }

    /// <summary>How many sessions belong to it.</summary>
    public int Sessions { get; set; }

    /// <summary>Rises whenever something became ready for it, so that a worker that found nothing knows whether to look again.</summary>
    public long Version { get; set; }

    public bool RunsShell => _can.Shell;

    /// <summary>Those that wait for a job, longest waiting first.</summary>
    public LinkedList<LeaseWaiter> Waiting { get; } = new();

    private bool ServesAll { get; }

    public bool Serves(string queue) => ServesAll || _queues.Contains(queue);

    public bool Runs(string needs)
    {
        if (_runs.TryGetValue(needs, out bool runs))
            return runs;
        if (_runs.Count == MaxKnownNeeds)
            _runs.Clear();
        return _runs[needs] = _can.Satisfies(needs);
    }

    /// <summary>Equal for workers of the same class.</summary>
    public static string KeyOf(WorkerDescription worker) => string.Join('\n',
        string.Join(' ', worker.Queues.Select(q => q.Name).Order(StringComparer.Ordinal)),
        worker.Capabilities.Shell ? "shell" : "",
        string.Join(' ', worker.Capabilities.JobTypes.Order(StringComparer.Ordinal)),
        string.Join('\t', worker.Capabilities.Labels.Order(StringComparer.Ordinal)));
}
