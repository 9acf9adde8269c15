using Microsoft.Extensions.Logging;

namespace Drover.Hosting;

/// <summary>Lets what a handler, and whatever it calls, writes to any <see cref="ILogger"/> appear in the job's live log too.</summary>
[ProviderAlias("DroverJob")]
internal sealed class JobLog : ILoggerProvider
{
    private static readonly string[] Own = ["Drover.Brokers.", "Drover.Workers.", "Drover.Sqlite.", "Drover.NetQueue.", "Drover.Server.", "Drover.Hosting."];
    private static readonly AsyncLocal<JobContext?> Running = new();

    /// <summary>The attempt that runs here, set within its own flow.</summary>
    public static JobContext? Current
    {
        get => Running.Value;
        set => Running.Value = value;
    }

    // Drover's own words are about jobs, not of them.
    public ILogger CreateLogger(string categoryName) =>
        Own.Any(own => categoryName.StartsWith(own, StringComparison.Ordinal)) ? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance : new Writer();

    public void Dispose()
    {
    }

    private sealed class Writer : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && Current is not null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (Current is not { } context)
                return;
            string text = Word(logLevel) + formatter(state, exception);
            context.Log(exception is null ? text : text + "\n" + exception);
        }

        private static string Word(LogLevel level) => level switch
        {
            LogLevel.Trace => "trace: ",
            LogLevel.Debug => "debug: ",
            LogLevel.Warning => "warning: ",
            LogLevel.Error => "error: ",
            LogLevel.Critical => "critical: ",
            _ => "",
        };
    }
}
