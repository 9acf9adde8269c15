using Drover.Cli.Configuration;
using Drover.Server.Auth;
using Microsoft.Extensions.DependencyInjection;

namespace Drover.Cli.Hosting;

/// <summary>What <c>drover up</c> says when it is up: where it is, how to sign in, and what to do first.</summary>
internal static class Greeting
{
    public static void Print(DroverConfig config, DroverNode node)
    {
        string address = node.ApiAddress!;
        string link = config.WithoutToken ? address : $"{address}/signin?code={node.Services.GetRequiredService<SignInCodes>().Create()}";
        string hint = config.WithoutToken ? "" : $"\n  The dashboard's link signs a browser in once, within {SignInCodes.Lifetime.TotalMinutes:0} minutes.";
        Console.Error.WriteLine($"""

              Drover {Version.Text} is up.

                Dashboard   {link}
                API         {address}/api/v1   described at {address}/docs
                Queue       {node.QueueAddress ?? "nobody else: no queue server is listening"}
                Data        {(config.JobsAddress.IsShared ? $"{config.JobsAddress}, tokens and keys in " : "")}{config.DataFolder}
                Worker      {node.WorkerId}, {config.Worker.Slots} jobs at once
            {hint}
              A first job, from another terminal:

                {Program()} run{Data(config)} -- uname -a

            """);
    }

    /// <summary>How to call this program from where it was started: by its name when that leads here, else by its path.</summary>
    public static string Program()
    {
        string path = Environment.ProcessPath ?? "drover";
        string name = Path.GetFileName(path);
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = Path.Combine(folder, name);
            if (File.Exists(candidate) && (new FileInfo(candidate).ResolveLinkTarget(true)?.FullName ?? candidate) == path)
                return name;
        }

        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return Quote(relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Contains('/') ? relative : "./" + relative);
    }

    /// <summary>What tells another call of the data folder; nothing when it finds it by itself.</summary>
    private static string Data(DroverConfig config) => config.SourceOf(Settings.Data) switch
    {
        SettingSource.CommandLine or SettingSource.Environment => $" --data {Quote(config.DataFolder)}",
        _ => "",
    };

    private static string Quote(string path) =>
        path.All(c => char.IsLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or '+' or ',') ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
