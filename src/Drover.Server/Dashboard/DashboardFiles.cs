using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Drover.Server.Dashboard;

/// <summary>
/// The built dashboard, from the folder <c>web</c> beside the program, sent in the compressed form that the build made.
/// Files whose names carry a hash of their content never change and are kept by browsers; the rest is asked for each time.
/// </summary>
internal static class DashboardFiles
{
    private const string Forever = "public, max-age=31536000, immutable";
    internal const string AskEachTime = "no-cache";
    private static readonly (string Suffix, string Encoding)[] Encodings = [(".br", "br"), (".gz", "gzip")];

    /// <summary>
    /// Answers what no endpoint answers, outside the API: an address that is no file is a page of the dashboard, which its
    /// own router shows. A step of its own and no endpoint, so that a wrong method or media type is still told as such.
    /// </summary>
    public static void UseDashboard(this IApplicationBuilder app, ServerOptions options)
    {
        string folder = options.DashboardDirectory;
        if (!File.Exists(Path.Combine(folder, "index.html")))
            return;
        var files = Scan(folder);
        var index = new IndexPage(files["/index.html"].Path, options.Embedded);
        app.Use((context, next) =>
        {
            var request = context.Request;
            bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
            // /api itself is a page; what stands below it is the API's own.
            bool isApi = request.Path.StartsWithSegments("/api", StringComparison.Ordinal, out var below) && below.HasValue;
            if (context.GetEndpoint() is not null || !reads || isApi)
                return next(context);
            if (files.GetValueOrDefault(request.Path.Value ?? "/") is { } file && file.ContentType != IndexPage.ContentType)
                return SendAsync(context, file);
            return request.Path.StartsWithSegments("/assets", StringComparison.Ordinal) ? next(context) : index.SendAsync(context);
        });
    }

    private static async Task SendAsync(HttpContext context, DashboardFile file)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.CacheControl = file.Immutable ? Forever : AskEachTime;
        response.Headers.ETag = file.Tag;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (request.Headers.IfNoneMatch.Contains(file.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.ContentType;
        string accepted = request.Headers.AcceptEncoding.ToString();
        var (path, length) = (file.Path, file.Length);
        foreach (var form in file.Compressed)
        {
            if (!accepted.Contains(form.Encoding, StringComparison.OrdinalIgnoreCase))
                continue;
            response.Headers.ContentEncoding = form.Encoding;
            (path, length) = (form.Path, form.Length);
            break;
        }

        response.ContentLength = length;
        if (!HttpMethods.IsHead(request.Method))
            await response.SendFileAsync(path, 0, length, context.RequestAborted);
    }

    // Read once at the start: what is asked for is looked up, never put together into a path.
    private static FrozenDictionary<string, DashboardFile> Scan(string folder)
    {
        var types = new FileExtensionContentTypeProvider();
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => !Encodings.Any(each => path.EndsWith(each.Suffix, StringComparison.Ordinal)))
            .ToFrozenDictionary(path => "/" + Path.GetRelativePath(folder, path).Replace('\\', '/'), path => Describe(folder, path, types), StringComparer.Ordinal);
    }

    private static DashboardFile Describe(string folder, string path, FileExtensionContentTypeProvider types)
    {
        string type = types.TryGetContentType(path, out string? known) ? known : "application/octet-stream";
        if (type.StartsWith("text/", StringComparison.Ordinal))
            type += "; charset=utf-8";
        using var content = File.OpenRead(path);
        string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"";
        var compressed = Encodings.Select(each => (each.Encoding, Path: path + each.Suffix)).Where(each => File.Exists(each.Path))
            .Select(each => new CompressedForm(each.Encoding, each.Path, new FileInfo(each.Path).Length));
        bool immutable = path.StartsWith(Path.Combine(folder, "assets") + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        return new(path, content.Length, type, tag, immutable, [.. compressed]);
    }

    private sealed record DashboardFile(string Path, long Length, string ContentType, string Tag, bool Immutable, CompressedForm[] Compressed);

    private sealed record CompressedForm(string Encoding, string Path, long Length);
}
