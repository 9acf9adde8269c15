import { Button, PasswordInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api, setCsrfToken } from '@/api/client';
import { PREFIX } from '@/api/place';
import { queries } from '@/api/queries';
import type { Session } from '@/api/types';
import classes from './SignInPage.module.css';

export default function SignInPage() {
  const { code, to } = useSearch({ from: '/signin' });
  const client = useQueryClient();
  const navigate = useNavigate();
  const [token, setToken] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const used = useRef(false);

  const signIn = useCallback(
    async (body: { token: string } | { code: string }) => {
      setBusy(true);
      setError(undefined);
      try {
        const session = await api.post<Session>('/session', body);
        setCsrfToken(session.csrf_token ?? undefined);
        client.setQueryData(queries.session().queryKey, session);
        // Only a path of our own: a link must not lead elsewhere after sign-in.
        const next = to?.startsWith('/') && !to.startsWith('//') ? to : '/';
        await navigate({ href: PREFIX + next, replace: true });
      } catch (failure) {
        setError(failure instanceof Error ? failure.message : String(failure));
      } finally {
        setBusy(false);
      }
    },
    [client, navigate, to],
  );
  useEffect(() => {
    if (!code || used.current) return;
    used.current = true;
    history.replaceState(history.state, '', `${PREFIX}/signin`);
    signIn({ code });
  }, [code, signIn]);

  return (
    <main className={classes.page}>
      <form
        className={`panel ${classes.card}`}
        onSubmit={(event) => {
          event.preventDefault();
          signIn({ token: token.trim() });
        }}
      >
        <img src={`${PREFIX}/favicon.svg`} width={32} height={32} alt="" />
        <h1>Sign in to Drover</h1>
        <p className="soft">
          Follow the link that <span className="mono">drover up</span> prints, or paste the token from{' '}
          <span className="mono">admin-token</span> in the data folder.
        </p>
        <PasswordInput
          size="sm"
          label="Token"
          autoComplete="current-password"
          autoFocus
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={error}
        />
        <Button type="submit" size="sm" fullWidth loading={busy} disabled={!token.trim()}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
