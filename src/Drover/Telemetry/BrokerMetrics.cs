using System.Diagnostics;
using System.Diagnostics.Metrics;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;

namespace Drover.Telemetry;

/// <summary>The names under which Drover can be watched with OpenTelemetry or <c>dotnet-counters</c>.</summary>
public static class DroverTelemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "Drover";

    internal static ActivitySource Activities { get; } = new(Name);
}

/// <summary>What the broker counts and measures. With nobody listening each costs a look at a flag.</summary>
internal sealed class BrokerMetrics : IDisposable
{
    private readonly Meter _meter = new(DroverTelemetry.Name);
    private readonly Counter<long> _enqueued;
    private readonly Counter<long> _finished;
    private readonly Counter<long> _leasesLost;
    private readonly Counter<long> _outputBytes;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _wait;

    public BrokerMetrics(Func<IEnumerable<QueueInfo>> queues)
    {
        _enqueued = _meter.CreateCounter<long>("drover.jobs.enqueued", "{job}", "Jobs accepted.");
        _finished = _meter.CreateCounter<long>("drover.attempts.finished", "{attempt}", "Attempts that ended, by outcome.");
        _leasesLost = _meter.CreateCounter<long>("drover.leases.lost", "{lease}", "Attempts whose worker disappeared.");
        _outputBytes = _meter.CreateCounter<long>("drover.output.bytes", "By", "Output taken from jobs.");
        _duration = _meter.CreateHistogram<double>("drover.attempt.duration", "s", "Time from lease to finish.");
        _wait = _meter.CreateHistogram<double>("drover.job.wait", "s", "Time from ready to leased.");
        _meter.CreateObservableGauge("drover.queue.depth",
            () => queues().Select(q => new Measurement<long>(q.Depth, Queue(q.Name))), "{job}", "Jobs that are ready.");
    }

    public bool MeasuresDuration => _duration.Enabled;

    public void Enqueued(string queue, long count)
    {
        if (_enqueued.Enabled)
            _enqueued.Add(count, Queue(queue));
    }

    public void Leased(string queue, TimeSpan waited)
    {
        if (_wait.Enabled)
            _wait.Record(waited.TotalSeconds, Queue(queue));
    }

    public void Finished(string queue, OutcomeKind outcome)
    {
        if (_finished.Enabled)
            _finished.Add(1, Queue(queue), new("outcome", NameOf(outcome)));
    }

    public void Ran(string queue, TimeSpan duration)
    {
        if (_duration.Enabled)
            _duration.Record(duration.TotalSeconds, Queue(queue));
    }

    public void LeaseLost(string queue)
    {
        Finished(queue, OutcomeKind.WorkerLost);
        if (_leasesLost.Enabled)
            _leasesLost.Add(1, Queue(queue));
    }

    public void Printed(IReadOnlyList<OutputEntry> entries)
    {
        if (!_outputBytes.Enabled)
            return;
        long bytes = 0;
        for (int i = 0; i < entries.Count; i++)
            bytes += entries[i].Bytes.Length;
        _outputBytes.Add(bytes);
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Queue(string name) => new("queue", name);

    private static string NameOf(OutcomeKind outcome) => outcome switch
    {
        OutcomeKind.Completed => "completed",
        OutcomeKind.Failed => "failed",
        OutcomeKind.TimedOut => "timed_out",
        OutcomeKind.Canceled => "canceled",
        OutcomeKind.HandedBack => "handed_back",
        _ => "worker_lost",
    };
}
