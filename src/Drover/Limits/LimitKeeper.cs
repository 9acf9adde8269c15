using Drover.Brokers;
using Drover.Storage;
using Drover.Threading;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Limits;

/// <summary>Puts the limits of the catalog, and those that a program declares, in force on the broker of this process, and keeps them so.</summary>
public sealed class LimitKeeper : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    /// <summary>Where the catalog tells of changes.</summary>
    private static readonly TimeSpan LongPoll = TimeSpan.FromMinutes(5);

    private readonly LimitCatalog _limits;
    private readonly IReadOnlyDictionary<string, JobLimit> _declared;
    private readonly Broker _broker;
    private readonly ILogger _log;
    private readonly AsyncSignal _wake;
    private readonly IDisposable? _watch;
    private Dictionary<string, JobLimit> _inForce = new(StringComparer.Ordinal);
    private bool _away;

    /// <summary>A keeper that works once it is started.</summary>
    /// <param name="limits">What people set.</param>
    /// <param name="declared">What the program says; a limit of the same key in the catalog takes its place.</param>
    /// <param name="broker">Where they are to hold.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it logs to.</param>
    /// <exception cref="JobValidationException">A declared limit breaks a rule.</exception>
    public LimitKeeper(LimitCatalog limits, IReadOnlyDictionary<string, JobLimit> declared, Broker broker, TimeProvider time, ILoggerFactory logs)
    {
        foreach (var (key, limit) in declared)
            limit.Validate(key);
        (_limits, _declared, _broker, _log) = (limits, declared, broker, logs.CreateLogger<LimitKeeper>());
        _wake = new(time);
        limits.Changed += _wake.Set;
        _watch = limits.Watch(_wake.Set);
    }

    /// <summary>When it answers, the limits hold, unless the catalog is away.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryApplyAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _limits.Changed -= _wake.Set;
        _watch?.Dispose();
        base.Dispose();
        _wake.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stopped = stoppingToken.UnsafeRegister(static wake => ((AsyncSignal)wake!).Set(), _wake);
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryApplyAsync(stoppingToken);
            await _wake.WaitAsync(_watch is null || _away ? Poll : LongPoll);
        }
    }

    private async ValueTask TryApplyAsync(CancellationToken cancel)
    {
        try
        {
            await ApplyAsync(cancel);
            _away = false;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            if (!_away)
                _log.LimitsAway(e.Message);
            _away = true;
        }
    }

    private async ValueTask ApplyAsync(CancellationToken cancel)
    {
        var wanted = new Dictionary<string, JobLimit>(_declared, StringComparer.Ordinal);
        foreach (var (key, limit) in await _limits.AllAsync(cancel))
            wanted[key] = limit;
        var changed = wanted.Where(w => _inForce.GetValueOrDefault(w.Key) != w.Value).Select(w => w.Key)
            .Concat(_inForce.Keys.Where(key => !wanted.ContainsKey(key))).ToList();
        if (changed.Count == 0)
            return;
        _broker.SetRates(changed.ToDictionary(key => key, key => wanted.GetValueOrDefault(key)?.Rate, StringComparer.Ordinal));
        await _broker.SetLimitsAsync(changed.ToDictionary(key => key, key => wanted.GetValueOrDefault(key)?.MaxRunning, StringComparer.Ordinal), cancel);
        _inForce = wanted;
    }
}

internal static partial class Log
{
    [LoggerMessage(1301, LogLevel.Warning, "The limits cannot be read and stay as they were: {Why}")]
    public static partial void LimitsAway(this ILogger log, string why);
}
