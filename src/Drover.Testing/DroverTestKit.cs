using System.Text;
using Drover.Brokers;
using Drover.Hosting;
using Drover.Jobs;
using Drover.Schedules;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Drover.Testing;

/// <summary>
/// What a test does with a program's jobs: looks at what was enqueued, lets it run, moves the clock. Jobs run by the real broker and
/// worker, with the program's handlers, middleware, retries and scopes; only store and clock are others. For one test at a time.
/// </summary>
public sealed class DroverTestKit : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly JobFilter Unfinished =
        new() { Kind = JobKind.Task, Statuses = [JobStatus.Scheduled, JobStatus.Queued, JobStatus.Running, JobStatus.Retrying] };

    private readonly IServiceProvider _services;
    private readonly KnownKinds _kinds;
    private readonly HashSet<string> _handled;
    private readonly ScheduleCatalog _schedules;
    private readonly Scheduler _scheduler;

    /// <summary>Made by the container; see <see cref="TestKitServices.AddDroverTestKit"/>.</summary>
    public DroverTestKit(IServiceProvider services)
    {
        (_services, _kinds) = (services, services.GetRequiredService<KnownKinds>());
        _handled = [.. _kinds.Handled];
        (Broker, Clock) = (services.GetRequiredService<IBroker>(), services.GetRequiredService<FakeTimeProvider>());
        _schedules = services.GetRequiredService<ScheduleCatalog>();
        _scheduler = new(_schedules, Broker, Clock, services.GetRequiredService<ILoggerFactory>());
    }

    /// <summary>The clock of the whole program.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>The queue, for what is not offered here.</summary>
    public IBroker Broker { get; }

    /// <summary>Fires schedules that are due now and runs every job that is, and those that these enqueue, until none is left. What is due later stays.</summary>
    /// <returns>How many attempts were made.</returns>
    /// <exception cref="TimeoutException">After 30 seconds by the wall clock jobs are still there: one does not end, or its queue is paused.</exception>
    public async Task<int> RunAllDueJobsAsync(CancellationToken cancel = default)
    {
        long before = await AttemptsAsync(cancel);
        if ((await FireAsync(cancel)).Count == 0)
            return 0;
        var options = new WorkerOptions { Host = "test", Queues = [new("*")], Slots = 16, GracefulShutdown = TimeSpan.Zero };
        var executor = _services.GetRequiredService<TaskExecutor>();
        using var worker = new Worker(Broker, [executor], options, Clock, _services.GetRequiredService<ILoggerFactory>());
        await worker.StartAsync(cancel);
        try
        {
            long start = TimeProvider.System.GetTimestamp();
            while (await FireAsync(cancel) is { Count: > 0 } due)
            {
                if (TimeProvider.System.GetElapsedTime(start) > Patience)
                    throw new TimeoutException($"After {Patience.TotalSeconds:0} seconds these jobs have not run: {string.Join(", ", due.Select(Describe))}.");
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, cancel);
            }
        }
        finally
        {
            worker.StopNow();
            await worker.StopAsync(CancellationToken.None);
        }

        return (int)(await AttemptsAsync(cancel) - before);
    }

    /// <summary>Moves the clock, from one job or schedule that becomes due to the next, and runs each at its time: delays, backoffs, jobs that enqueue later ones.</summary>
    /// <returns>How many attempts were made.</returns>
    /// <exception cref="TimeoutException">As <see cref="RunAllDueJobsAsync"/>.</exception>
    public async Task<int> AdvanceAsync(TimeSpan time, CancellationToken cancel = default)
    {
        var end = Clock.GetUtcNow() + time;
        int attempts = await RunAllDueJobsAsync(cancel);
        while (await NextAsync(cancel) is { } next && next <= end)
        {
            Clock.Advance(next - Clock.GetUtcNow());
            attempts += await RunAllDueJobsAsync(cancel);
        }

        Clock.Advance(end - Clock.GetUtcNow());
        return attempts + await RunAllDueJobsAsync(cancel);
    }

    /// <summary>Every job of a kind that was enqueued, the first first, whatever became of it.</summary>
    /// <exception cref="InvalidOperationException">The type is not known to the program.</exception>
    public async Task<IReadOnlyList<TestJob<TJob>>> EnqueuedAsync<TJob>(CancellationToken cancel = default)
    {
        var kind = _kinds.Of<TJob>();
        var jobs = new List<TestJob<TJob>>();
        foreach (string type in kind.JobTypes)
        {
            foreach (var job in await AllAsync(new() { Kind = JobKind.Task, JobType = type }, cancel))
                jobs.Add(new(kind.Read(type, job.Spec.Task!.Payload)!.Value.Job, (await Broker.GetAsync([job.Id], cancel))[0] ?? job));
        }

        return [.. jobs.OrderBy(job => job.Job.Seq)];
    }

    /// <summary>Sees to it that there are jobs like this; answers them.</summary>
    /// <param name="payload">What the payload is like; null for any.</param>
    /// <param name="queue">The queue; null for any.</param>
    /// <param name="delay">How long after it was enqueued it was to start, to the second; null for any.</param>
    /// <param name="times">How many; null for at least one.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="DroverAssertException">It is not so; the message lists the jobs of the kind that there are.</exception>
    public async Task<IReadOnlyList<TestJob<TJob>>> AssertEnqueuedAsync<TJob>(
        Func<TJob, bool>? payload = null, string? queue = null, TimeSpan? delay = null, int? times = null, CancellationToken cancel = default)
    {
        var all = await EnqueuedAsync<TJob>(cancel);
        var found = all.Where(job => (payload is null || payload(job.Payload)) && (queue is null || job.Queue == queue)
            && (delay is null || (job.Delay - delay.Value).Duration() < TimeSpan.FromSeconds(1))).ToList();
        if (times is { } exactly ? found.Count == exactly : found.Count > 0)
            return found;
        var text = new StringBuilder($"Expected {times?.ToString() ?? "at least one"} '{_kinds.Of<TJob>().Name}'");
        text.Append(queue is null ? "" : $" in the queue '{queue}'").Append(delay is null ? "" : $" with a delay of {delay}")
            .Append(payload is null ? "" : " with such a payload").Append($", and found {found.Count}. ");
        text.Append(all.Count == 0 ? "None of the kind was enqueued." : "Enqueued were:");
        foreach (var job in all)
            text.Append($"\n  {job.Payload} in '{job.Queue}', delay {job.Delay}, {job.Status}");
        throw new DroverAssertException(text.ToString());
    }

    /// <summary>Sees to it that there is no job like this.</summary>
    /// <exception cref="DroverAssertException">There is.</exception>
    public Task AssertNotEnqueuedAsync<TJob>(Func<TJob, bool>? payload = null, CancellationToken cancel = default) =>
        AssertEnqueuedAsync(payload, times: 0, cancel: cancel);

    /// <summary>What a job has written to its live log, lines of <see cref="ILogger"/> included.</summary>
    public async Task<string> LogOfAsync(Guid job, CancellationToken cancel = default)
    {
        var text = new StringBuilder();
        long after = 0;
        while (await Broker.ReadOutputAsync(new(job, after), cancel) is { Entries: { Count: > 0 } entries })
        {
            foreach (var entry in entries)
                text.Append(Encoding.UTF8.GetString(entry.Bytes.Span));
            after = entries[^1].Seq;
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _scheduler.Dispose();

    /// <summary>Fires what is due; answers the jobs that are.</summary>
    private async Task<List<Job>> FireAsync(CancellationToken cancel)
    {
        while (await _scheduler.RunOnceAsync(cancel) == TimeSpan.Zero)
        {
            // After a long time there is more than one round of them.
        }

        return [.. (await MineAsync(cancel)).Where(job => job.Status is JobStatus.Queued or JobStatus.Running || job.RunAt <= Clock.GetUtcNow())];
    }

    /// <summary>When something becomes due next; null for never.</summary>
    private async Task<DateTimeOffset?> NextAsync(CancellationToken cancel)
    {
        var times = (await MineAsync(cancel)).Select(job => job.RunAt).Concat((await _schedules.ListAsync(cancel)).Select(schedule => schedule.NextAt));
        return times.Where(time => time > Clock.GetUtcNow()).Min();
    }

    /// <summary>Those that the program itself runs: a kind that it only enqueues waits for others, here as in truth.</summary>
    private async Task<IEnumerable<Job>> MineAsync(CancellationToken cancel) =>
        (await AllAsync(Unfinished, cancel)).Where(job => _handled.Contains(job.Spec.Task!.JobType));

    private async Task<long> AttemptsAsync(CancellationToken cancel) =>
        (await AllAsync(new() { Kind = JobKind.Task }, cancel)).Sum(job => (long)job.Attempt);

    private async Task<List<Job>> AllAsync(JobFilter filter, CancellationToken cancel)
    {
        var jobs = new List<Job>();
        string? cursor = null;
        do
        {
            var page = await Broker.ListAsync(new(filter, JobSort.CreatedDescending, 500, cursor), cancel);
            jobs.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return jobs;
    }

    private static string Describe(Job job) => $"{job.Spec.Task!.JobType} {job.Id} ({job.Status}, queue '{job.Spec.Queue}')";
}
