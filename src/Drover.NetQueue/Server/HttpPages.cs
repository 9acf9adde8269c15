using System.Globalization;
using System.Net;
using System.Text.Json;
using Drover.Storage;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Drover.NetQueue.Server;

/// <summary>The pages on the queue server's port, for people, probes and scripts. All but the health want a token.</summary>
internal sealed class HttpPages(ServerContext server)
{
    public async Task HandleAsync(HttpContext http)
    {
        string path = http.Request.Path.Value ?? "/";
        if (path is not ("/health" or "/stats" or "/monitor" or "/workers" or "/workers/stats"))
            await ProblemAsync(http, 404, "Not found", "There are /health, /stats, /monitor, /workers and /workers/stats.").ConfigureAwait(false);
        else if (http.Request.Method is not ("GET" or "HEAD"))
            await ProblemAsync(http, 405, "Method not allowed", "These pages are only read.").ConfigureAwait(false);
        else if (path == "/health")
            await HealthAsync(http).ConfigureAwait(false);
        else if (await MayReadAsync(http).ConfigureAwait(false))
            await ReadAsync(http, path).ConfigureAwait(false);
    }

    private async Task ReadAsync(HttpContext http, string path)
    {
        try
        {
            await (path switch
            {
                "/monitor" => MonitorAsync(http),
                "/stats" => AnswerAsync(http, 200, await StatsAsync(http.RequestAborted).ConfigureAwait(false)),
                "/workers" => AnswerAsync(http, 200, await WorkersAsync(http.RequestAborted).ConfigureAwait(false)),
                _ => AnswerAsync(http, 200, await WorkerStatsAsync(http.RequestAborted).ConfigureAwait(false)),
            }).ConfigureAwait(false);
        }
        catch (StoreUnavailableException e)
        {
            await ProblemAsync(http, 503, "Unavailable", e.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The reader went away.
        }
    }

    private async Task HealthAsync(HttpContext http)
    {
        string? reason = null;
        try
        {
            await server.Broker.PingAsync(http.RequestAborted).ConfigureAwait(false);
        }
        catch (StoreUnavailableException e)
        {
            reason = e.Message;
        }

        await AnswerAsync(http, reason is null ? 200 : 503, Json(w =>
        {
            w.WriteString("status", reason is null ? "ok" : "unavailable");
            w.WriteString("store", reason ?? "ok");
        })).ConfigureAwait(false);
    }

    /// <summary>One line of statistics a second, until the reader goes away.</summary>
    private async Task MonitorAsync(HttpContext http)
    {
        http.Response.ContentType = "application/x-ndjson";
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), server.Time);
        do
        {
            await http.Response.BodyWriter.WriteAsync(await StatsAsync(http.RequestAborted).ConfigureAwait(false), http.RequestAborted).ConfigureAwait(false);
            await http.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), http.RequestAborted).ConfigureAwait(false);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        }
        while (await timer.WaitForNextTickAsync(http.RequestAborted).ConfigureAwait(false));
    }

    private async ValueTask<byte[]> StatsAsync(CancellationToken cancel)
    {
        var queues = await server.Broker.ListQueuesAsync(cancel).ConfigureAwait(false);
        var workers = await server.Broker.ListWorkersAsync(cancel).ConfigureAwait(false);
        return Json(w =>
        {
            w.WriteString("timestamp", server.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            w.WriteString("version", ServerContext.Software);
            w.WriteNumber("uptime", Math.Round((server.Time.GetUtcNow() - server.StartedAt).TotalSeconds, 3));
            w.WriteNumber("connections", server.Connections);
            w.WriteNumber("active_workers", workers.Count);
            w.WriteNumber("queued", queues.Sum(q => q.Queue.Depth));
            w.WriteNumber("scheduled", queues.Sum(q => q.Queue.Scheduled));
            w.WriteNumber("retrying", queues.Sum(q => q.Queue.Retrying));
            w.WriteNumber("running", queues.Sum(q => q.Queue.Running));
            w.WriteNumber("processing_rate", queues.Sum(q => q.ProcessingRate));
            w.WriteStartArray("queues");
            foreach (var queue in queues)
                WriteQueue(w, queue);
            w.WriteEndArray();
        });
    }

    private static void WriteQueue(Utf8JsonWriter w, Brokers.QueueStats stats)
    {
        w.WriteStartObject();
        w.WriteString("name", stats.Queue.Name);
        w.WriteBoolean("paused", stats.Queue.Paused);
        w.WriteNumber("queue_depth", stats.Queue.Depth);
        w.WriteNumber("scheduled", stats.Queue.Scheduled);
        w.WriteNumber("retrying", stats.Queue.Retrying);
        w.WriteNumber("running", stats.Queue.Running);
        w.WriteNumber("active_workers", stats.ActiveWorkers);
        w.WriteNumber("arrival_rate", stats.ArrivalRate);
        w.WriteNumber("processing_rate", stats.ProcessingRate);
        WriteSeconds(w, "average_wait_time", stats.AverageWait);
        WriteSeconds(w, "p50_wait_time", stats.P50Wait);
        WriteSeconds(w, "p95_wait_time", stats.P95Wait);
        w.WriteEndObject();
    }

    private static void WriteSeconds(Utf8JsonWriter w, string name, TimeSpan? time)
    {
        if (time is { } span)
            w.WriteNumber(name, Math.Round(span.TotalSeconds, 6));
        else
            w.WriteNull(name);
    }

    private async ValueTask<byte[]> WorkersAsync(CancellationToken cancel)
    {
        var workers = await server.Broker.ListWorkersAsync(cancel).ConfigureAwait(false);
        return Json(w =>
        {
            w.WriteStartArray("items");
            foreach (var worker in workers)
            {
                var about = worker.Description;
                w.WriteStartObject();
                w.WriteString("id", about.Id);
                w.WriteString("host", about.Host);
                w.WriteNumber("process_id", about.ProcessId);
                w.WriteString("version", about.Version);
                w.WriteNumber("slots", about.Slots);
                w.WriteNumber("busy", worker.Busy);
                w.WriteBoolean("draining", worker.Draining);
                w.WriteString("connected_at", worker.ConnectedAt);
                w.WriteString("last_heartbeat", worker.LastHeartbeat);
                WriteTexts(w, "queues", about.Queues.Select(queue => queue.Name));
                WriteTexts(w, "labels", about.Capabilities.Labels.Order(StringComparer.Ordinal));
                WriteTexts(w, "jobs", worker.Jobs.Select(job => job.JobId.ToString()));
                w.WriteEndObject();
            }

            w.WriteEndArray();
        });
    }

    private async ValueTask<byte[]> WorkerStatsAsync(CancellationToken cancel)
    {
        var workers = await server.Broker.ListWorkersAsync(cancel).ConfigureAwait(false);
        return Json(w =>
        {
            w.WriteNumber("active_workers", workers.Count);
            w.WriteNumber("total_capacity", workers.Sum(worker => worker.Description.Slots));
            w.WriteNumber("busy", workers.Sum(worker => worker.Busy));
        });
    }

    private static void WriteTexts(Utf8JsonWriter w, string name, IEnumerable<string> texts)
    {
        w.WriteStartArray(name);
        foreach (string text in texts)
            w.WriteStringValue(text);
        w.WriteEndArray();
    }

    private async ValueTask<bool> MayReadAsync(HttpContext http)
    {
        bool secure = http.Features.Get<ITlsHandshakeFeature>() is not null || (http.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from));
        if (!secure && !server.Options.AllowPlain)
        {
            await ProblemAsync(http, 403, "TLS needed", "From another host this port speaks HTTPS only.").ConfigureAwait(false);
            return false;
        }

        string header = http.Request.Headers.Authorization.ToString();
        string token = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : "";
        if (server.Tokens.Find(token) is not null)
            return true;
        await Task.Delay(server.Options.DeniedDelay, server.Time, http.RequestAborted).ConfigureAwait(false);
        http.Response.Headers.WWWAuthenticate = "Bearer";
        await ProblemAsync(http, 401, "Unauthorized", "Send a token of this queue server as 'Authorization: Bearer TOKEN'.").ConfigureAwait(false);
        return false;
    }

    private static Task ProblemAsync(HttpContext http, int status, string title, string detail)
    {
        http.Response.ContentType = "application/problem+json";
        return AnswerAsync(http, status, Json(w =>
        {
            w.WriteString("title", title);
            w.WriteNumber("status", status);
            w.WriteString("detail", detail);
        }));
    }

    private static async Task AnswerAsync(HttpContext http, int status, byte[] json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType ??= "application/json";
        http.Response.ContentLength = json.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.BodyWriter.WriteAsync(json, http.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
