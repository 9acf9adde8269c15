using Drover.Cli.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Drover.Cli.Hosting;

/// <summary>The program's own log: to stderr, as text or JSON.</summary>
internal static class Logging
{
    public static ILoggerFactory MakeFactory(DroverConfig config) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(config.LogLevel switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "warn" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.Information,
        });
        // A line for each request is of no use to an operator; its failures are.
        logging.AddFilter("Microsoft", config.LogLevel switch
        {
            "trace" or "debug" => LogLevel.Information,
            "error" => LogLevel.Error,
            _ => LogLevel.Warning,
        });
        // What the host has to say of a start that failed, this program says in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (config.JsonLogs)
            logging.AddJsonConsole(json => (json.UseUtcTimestamp, json.TimestampFormat, json.IncludeScopes) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ", false));
        else
            logging.AddSimpleConsole(text => (text.SingleLine, text.TimestampFormat, text.IncludeScopes) = (true, "HH:mm:ss ", false));
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
