export class Count {
  n = $state(0);
}
