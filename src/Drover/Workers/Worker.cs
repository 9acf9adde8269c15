using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Workers;

/// <summary>
/// Keeps its slots filled with jobs and runs each through the executor that accepts it. Stopping it drains: no new jobs,
/// those in hand may finish within <see cref="WorkerOptions.GracefulShutdown"/>, then they are stopped. The host's own
/// shutdown timeout must be longer than that.
/// </summary>
public sealed partial class Worker : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly IBroker _broker;
    private readonly IReadOnlyList<IJobExecutor> _executors;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly WorkerDescription _description;
    private readonly WorkerBench _bench;
    private readonly FinishSender _finishes;
    private readonly RenewalThread _renewals;
    private readonly CancellationTokenSource _noMore = new();

    /// <summary>So many outcomes may wait for the broker beside the jobs that run.</summary>
    private readonly int _maxInHand;

    /// <summary>A worker that begins with <see cref="IHostedService.StartAsync"/>.</summary>
    /// <param name="broker">Where its jobs come from.</param>
    /// <param name="executors">What it can run; the first that accepts a job runs it.</param>
    /// <param name="options">How it works.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it logs to.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public Worker(IBroker broker, IReadOnlyList<IJobExecutor> executors, WorkerOptions options, TimeProvider time, ILoggerFactory logs)
    {
        options.Validate();
        (_broker, _executors, _options, _time) = (broker, executors, options, time);
        _log = logs.CreateLogger<Worker>();
        _description = Describe(executors, options, time);
        _bench = new(options, time, _log);
        _finishes = new(_bench);
        _bench.Finish = _finishes.Add;
        _renewals = new(_bench);
        _maxInHand = options.Slots + options.LeaseAhead + Math.Max(2000, options.Slots);
    }

    /// <summary>The worker's id.</summary>
    public string Id => _options.Id;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stop = stoppingToken.UnsafeRegister(static worker => ((Worker)worker!).BeginStop(), this);
        _renewals.Start();
        var finishing = Task.Run(_finishes.RunAsync, CancellationToken.None);
        while (!_noMore.IsCancellationRequested && await ConnectAsync() is { } session)
            await ServeAsync(session);
        await EndJobsInHandAsync();

        _finishes.Stop();
        await finishing;
        _renewals.Dispose();
        await LeaveAsync();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _finishes.Stop();
        _renewals.Dispose();
        _finishes.Dispose();
        _bench.Dispose();
        _noMore.Dispose();
    }

    private async Task<IWorkerSession?> ConnectAsync()
    {
        var pause = FirstPause;
        while (!_noMore.IsCancellationRequested)
        {
            try
            {
                var session = await _broker.ConnectAsync(_description, _noMore.Token);
                _log.WorkerReady(Id, _options.Slots, string.Join(", ", _options.Queues.Select(q => q.Name)));
                return _bench.Session = session;
            }
            catch (Exception) when (_noMore.IsCancellationRequested)
            {
                return null;
            }
            catch (WorkerRefusedException) when (!_bench.HasSession)
            {
                // It has been set up wrongly. Later on it has jobs in hand, and somebody may put it right.
                throw;
            }
            catch (Exception e)
            {
                if (pause == FirstPause)
                    _log.ConnectFailed(e.Message);
            }

            await _bench.Changed.WaitAsync(pause);
            pause = Longer(pause);
        }

        return null;
    }

    /// <summary>Takes jobs until the session ends or no more are to be taken.</summary>
    private async Task ServeAsync(IWorkerSession session)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_noMore.Token);
        var listening = ListenAsync(session, over);
        var pause = FirstPause;
        while (!over.IsCancellationRequested)
        {
            // Attempts that are about to end come first: their slots are asked for together.
            await Task.Yield();
            int wanted = Math.Min(Math.Min(_bench.Wanted, _maxInHand - _bench.InHand), JobRules.MaxBatch);
            if (wanted <= 0)
            {
                await _bench.Changed.WaitAsync();
                continue;
            }

            try
            {
                var leases = await session.LeaseAsync(wanted, over.Token);
                Begin(leases);
                pause = FirstPause;
                // None: the broker has let go of us. Why is said by its signals.
                if (leases.Count == 0)
                    await _bench.Changed.WaitAsync(FirstPause);
            }
            catch (Exception) when (over.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                if (pause == FirstPause)
                    _log.LeasingFailed(e.Message);
                await _bench.Changed.WaitAsync(pause);
                pause = Longer(pause);
            }
        }

        // While draining it goes on listening, for jobs in hand may be canceled.
        if (!_noMore.IsCancellationRequested)
            await listening;
    }

    private async Task ListenAsync(IWorkerSession session, CancellationTokenSource over)
    {
        Exception? error = null;
        try
        {
            await foreach (var signal in session.Signals.ReadAllAsync(CancellationToken.None))
            {
                if (signal.Kind == WorkerSignalKind.Drain)
                    Drain();
                else
                    _bench.Find(signal.Lease)?.RequestStop(StopReason.Canceled);
            }
        }
        catch (WorkerReplacedException e)
        {
            _log.Replaced(e.Message);
            _bench.StopAll(StopReason.LeaseLost);
            _noMore.Cancel();
        }
        catch (Exception e)
        {
            error = e;
        }

        if (_noMore.IsCancellationRequested)
            return;
        _log.SessionEnded(error);
        over.Cancel();
        _bench.Changed.Set();
    }

    private void Begin(IReadOnlyList<Lease> leases)
    {
        long until = _time.GetTimestamp() + (long)(_options.Lease.TotalSeconds * _time.TimestampFrequency);
        for (int i = 0; i < leases.Count; i++)
        {
            var executor = ExecutorFor(leases[i]);
            var attempt = new Attempt(leases[i], executor, _bench, until);
            // One that has no slot yet begins when another ends.
            bool hasSlot = _bench.Take(attempt);
            if (_noMore.IsCancellationRequested)
            {
                _bench.HandBackAhead(TimeSpan.Zero);
                if (hasSlot)
                {
                    attempt.EndAs(new() { Kind = OutcomeKind.HandedBack });
                    _bench.Ended(attempt);
                }
            }
            else if (hasSlot && executor is { ReturnsAtOnce: true })
                attempt.Execute();
            else if (hasSlot)
                ThreadPool.UnsafeQueueUserWorkItem(attempt, preferLocal: false);
        }
    }

    private IJobExecutor? ExecutorFor(Lease lease)
    {
        for (int i = 0; i < _executors.Count; i++)
        {
            if (_executors[i].Accepts(lease))
                return _executors[i];
        }

        return null;
    }

    private static WorkerDescription Describe(IReadOnlyList<IJobExecutor> executors, WorkerOptions options, TimeProvider time) => new()
    {
        Id = options.Id,
        InstanceId = JobId.New(time),
        Host = options.Host,
        ProcessId = Environment.ProcessId,
        Version = typeof(Worker).Assembly.GetName().Version?.ToString(3) ?? "0",
        Slots = options.Slots,
        Queues = options.Queues,
        Capabilities = new(executors.Any(e => e.RunsShell), executors.SelectMany(e => e.JobTypes).ToHashSet(StringComparer.Ordinal), options.Labels),
    };

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;
}
