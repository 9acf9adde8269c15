using Drover.Cli.Configuration;

namespace Drover.Cli.Client;

/// <summary>Where Drover is and how to sign in: what was given, else what the data folder on this machine says.</summary>
/// <param name="Url">The address, without a path.</param>
/// <param name="Token">The token; null for none.</param>
internal sealed record ClientTarget(Uri Url, string? Token)
{
    /// <summary>The file in the data folder in which a running Drover leaves its address.</summary>
    public const string AddressFile = "address";

    /// <summary>The file in the data folder with the admin token.</summary>
    public const string TokenFile = "admin-token";

    /// <param name="url">What the command line says.</param>
    /// <param name="token">What the command line says.</param>
    /// <param name="config">Where the data folder is.</param>
    /// <exception cref="UsageException">The address is none.</exception>
    public static ClientTarget Find(string? url, string? token, DroverConfig config) =>
        Find(url ?? FromEnvironment("DROVER_URL"), token ?? FromEnvironment("DROVER_TOKEN"), config.DataFolder, LocalAddress(config));

    /// <summary>The same of values at hand.</summary>
    public static ClientTarget Find(string? url, string? token, string folder, string configured)
    {
        var here = AddressOf(Read(folder, AddressFile) ?? configured);
        var address = url is null ? here : AddressOf(url);
        // The token of the data folder opens the Drover of that folder; it is sent to no other address.
        if (IsSame(address, here))
            token ??= Read(folder, TokenFile);
        return new(address, token);
    }

    private static Uri AddressOf(string url) =>
        Uri.TryCreate(url.Trim(), UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
            : throw new UsageException($"The address must look like http://127.0.0.1:8080, not '{url}'.");

    private static bool IsSame(Uri a, Uri b) => a.Scheme == b.Scheme && a.Port == b.Port && (a.Host == b.Host || (a.IsLoopback && b.IsLoopback));

    /// <summary>What the configuration says, for a Drover that has not left its address.</summary>
    private static string LocalAddress(DroverConfig config)
    {
        var (host, port) = config.ServerAddress;
        return host switch
        {
            "*" or "0.0.0.0" => $"http://127.0.0.1:{port}",
            "::" => $"http://[::1]:{port}",
            _ when host.Contains(':', StringComparison.Ordinal) => $"http://[{host}]:{port}",
            _ => $"http://{host}:{port}",
        };
    }

    private static string? FromEnvironment(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string? Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file)).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
