using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Drover.Telemetry;

namespace Drover.Server.Metrics;

/// <summary>Listens to the process's meters and writes them in Prometheus's text format, version 0.0.4.</summary>
internal sealed class MetricsCollector : IHostedService, IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _scraping = new();
    private volatile bool _disposed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Wants(instrument))
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Everything measured so far.</summary>
    public string Write()
    {
        var text = new StringBuilder(16 * 1024);
        lock (_scraping)
        {
            if (_disposed)
                return "";
            foreach (var family in _families.Values.Where(f => f.IsAsked))
                family.Reset();
            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal))
                family.WriteTo(text);
        }

        return text.ToString();
    }

    /// <summary>A gauge that is not a meter's.</summary>
    public static void Gauge(StringBuilder text, string name, string help, params IEnumerable<(string Labels, double Value)> values)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");
        foreach (var (labels, value) in values)
            text.Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    public void Dispose()
    {
        lock (_scraping)
            _disposed = true;
        _listener.Dispose();
    }

    // Brokers come and go in tests, and several may run in one process: instruments of one name are one family.
    private MetricFamily FamilyOf(Instrument instrument) => _families.GetOrAdd(instrument.Name, _ => new(instrument));

    private static bool Wants(Instrument instrument) => instrument.Meter.Name switch
    {
        DroverTelemetry.Name => true,
        "System.Runtime" => true,
        "Microsoft.AspNetCore.Hosting" => instrument.Name == "http.server.request.duration",
        _ => false,
    };
}
